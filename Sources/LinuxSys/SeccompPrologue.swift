/// Instructions in front of libseccomp's filter: calls younger than the library, and ENOSYS for those younger than the profile.
struct SeccompPrologue {
    struct Call {
        var number: UInt32
        var action: UInt32
    }

    /// Calls by numbers that are the same in every table.
    var calls: [Call]
    /// Numbers above this get ENOSYS.
    var highest: UInt32
    var architectures: [SeccompArchitecture]

    /// Layout: load the architecture, go on only for one of ours; load the number without the x32 bit; one comparison and one return for
    /// each young call; the ENOSYS rule. Everything else falls through to the filter behind.
    var bytes: [UInt8] {
        guard !calls.isEmpty || highest > 0 else { return [] }
        let audits = Array(Set(architectures.map(\.auditNumber))).sorted()
        let body = self.body
        var code: [Instruction] = [.load(4)]
        for (index, audit) in audits.enumerated() {
            // A hit jumps over the remaining comparisons and the jump to the end.
            code.append(.ifEqual(audit, UInt8(audits.count - index), 0))
        }
        code.append(.jump(UInt32(body.count)))
        return (code + body).flatMap(\.bytes)
    }

    private var body: [Instruction] {
        var code: [Instruction] = [.load(0)]
        if architectures.contains(.x86_64) { code.append(.and(~(1 << 30))) }
        for call in calls {
            code.append(.ifEqual(call.number, 0, 1))
            code.append(.answer(call.action))
        }
        if highest > 0 {
            // x32 has calls of its own at 512 to 547.
            code.append(.ifGreaterOrEqual(highest + 1, 0, 3))
            code.append(.ifGreaterOrEqual(512, 0, 1))
            code.append(.ifGreaterOrEqual(548, 0, 1))
            code.append(.answer(SeccompAction.errno.returnValue(errno: 38)))
        }
        return code
    }

    /// Classic BPF (linux/filter.h): code, jumps for true and false, operand.
    private struct Instruction {
        var code: UInt16
        var whenTrue: UInt8 = 0
        var whenFalse: UInt8 = 0
        var operand: UInt32

        static func load(_ offset: UInt32) -> Instruction { Instruction(code: 0x20, operand: offset) }
        static func and(_ mask: UInt32) -> Instruction { Instruction(code: 0x54, operand: mask) }
        static func jump(_ distance: UInt32) -> Instruction { Instruction(code: 0x05, operand: distance) }
        static func ifEqual(_ value: UInt32, _ yes: UInt8, _ no: UInt8) -> Instruction {
            Instruction(code: 0x15, whenTrue: yes, whenFalse: no, operand: value)
        }
        static func ifGreaterOrEqual(_ value: UInt32, _ yes: UInt8, _ no: UInt8) -> Instruction {
            Instruction(code: 0x35, whenTrue: yes, whenFalse: no, operand: value)
        }
        static func answer(_ value: UInt32) -> Instruction { Instruction(code: 0x06, operand: value) }

        var bytes: [UInt8] {
            withUnsafeBytes(of: code) { Array($0) } + [whenTrue, whenFalse] + withUnsafeBytes(of: operand) { Array($0) }
        }
    }
}
