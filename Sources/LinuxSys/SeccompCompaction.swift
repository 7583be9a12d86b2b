/// Makes a filter smaller that says the same: the kernel translates it into machine code at every start of a job, which costs as much as the filter
/// is long.
///
/// libseccomp compares with each number by itself. Here the program is run for every number that it can tell from others, arguments unknown;
/// neighbours with one answer become a range, and each architecture gets one search tree over its ranges. Where a call's answer hangs on its
/// arguments, the instructions from there on are taken over as they are.
struct SeccompCompaction {
    /// Classic BPF as far as filters have it (linux/filter.h).
    struct Instruction: Equatable {
        var code: UInt16
        var whenTrue: UInt8 = 0
        var whenFalse: UInt8 = 0
        var operand: UInt32

        var bytes: [UInt8] {
            withUnsafeBytes(of: code.littleEndian) { Array($0) } + [whenTrue, whenFalse] + withUnsafeBytes(of: operand.littleEndian) { Array($0) }
        }
    }

    private enum Code {
        static let load: UInt16 = 0x20
        static let and: UInt16 = 0x54
        static let jump: UInt16 = 0x05
        static let ifEqual: UInt16 = 0x15
        static let ifGreater: UInt16 = 0x25
        static let ifGreaterOrEqual: UInt16 = 0x35
        static let ifSet: UInt16 = 0x45
        static let answer: UInt16 = 0x06
    }

    /// What becomes of a call: an answer, or what the instructions from this place on make of its arguments.
    private enum Outcome: Equatable {
        case answer(UInt32)
        case block(Int)
    }

    private struct Range {
        var first: UInt32
        var outcome: Outcome
    }

    /// The program is of a form that is not known here.
    private struct Unknown: Error {}

    private static let numberOffset: UInt32 = 0
    private static let architectureOffset: UInt32 = 4
    private static let x32: UInt32 = 1 << 30

    private let code: [Instruction]
    /// The new program from its end: all jumps go forwards, so that what they lead to is there before them.
    private var reversed: [Instruction] = []
    private var copied: [Int: Int] = [:]
    private var answers: [UInt32: Int] = [:]

    /// The same filter, smaller; the one given where it is of an unknown form or would not get smaller.
    static func compact(_ bytes: [UInt8], architectures: [UInt32]) -> [UInt8] {
        var compaction = SeccompCompaction(bytes)
        guard (try? compaction.build(architectures)) != nil, compaction.reversed.count * 8 < bytes.count else { return bytes }
        return compaction.reversed.reversed().flatMap(\.bytes)
    }

    private init(_ bytes: [UInt8]) {
        code = stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { at in
            let operand = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 4 + $1]) << UInt32(8 * $1) }
            return Instruction(
                code: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8, whenTrue: bytes[at + 2], whenFalse: bytes[at + 3], operand: operand)
        }
    }

    // MARK: What the program says

    /// Numbers at which the answer may differ from the one of the number before. The only arithmetic that is known takes the x32 bit off.
    private var borders: [UInt32] {
        var borders: Set<UInt32> = [0, Self.x32, 2 * Self.x32, 3 * Self.x32]
        for instruction in code where [Code.ifEqual, Code.ifGreater, Code.ifGreaterOrEqual].contains(instruction.code) {
            for value in [instruction.operand, instruction.operand &+ 1] {
                borders.insert(value)
                if value < Self.x32 { borders.insert(value + Self.x32) }
            }
        }
        return borders.sorted()
    }

    private func ranges(_ architecture: UInt32, _ borders: [UInt32]) throws(Unknown) -> [Range] {
        var ranges: [Range] = []
        for number in borders {
            let outcome = try outcome(architecture, number)
            if ranges.last?.outcome != outcome { ranges.append(Range(first: number, outcome: outcome)) }
        }
        return ranges
    }

    /// Runs the program until it answers or asks for an argument.
    private func outcome(_ architecture: UInt32, _ number: UInt32) throws(Unknown) -> Outcome {
        var accumulator: UInt32 = 0
        var at = 0
        while at < code.count {
            let instruction = code[at]
            let operand = instruction.operand
            var holds: Bool?
            switch instruction.code {
            case Code.load:
                guard operand == Self.numberOffset || operand == Self.architectureOffset else { return .block(at) }
                accumulator = operand == Self.numberOffset ? number : architecture
            case Code.and:
                guard operand == ~Self.x32 else { throw Unknown() }
                accumulator &= operand
            case Code.jump: at += Int(operand)
            case Code.ifEqual: holds = accumulator == operand
            case Code.ifGreater: holds = accumulator > operand
            case Code.ifGreaterOrEqual: holds = accumulator >= operand
            case Code.answer: return .answer(operand)
            default: throw Unknown()
            }
            if let holds { at += Int(holds ? instruction.whenTrue : instruction.whenFalse) }
            at += 1
        }
        throw Unknown()
    }

    // MARK: The new program

    private mutating func build(_ architectures: [UInt32]) throws(Unknown) {
        let borders = borders
        let named = Set(architectures)
        // Any that is not named stands for all of them.
        guard let other = (0...UInt32.max).first(where: { !named.contains($0) }) else { throw Unknown() }
        let rest = try ranges(other, borders)
        guard rest.count == 1, case .answer(let value) = rest[0].outcome else { throw Unknown() }
        var next = answer(value)
        for architecture in named.sorted() {
            let tree = try search(try ranges(architecture, borders)[...])
            let start = push(Instruction(code: Code.load, operand: Self.numberOffset), before: tree)
            next = branch(Code.ifEqual, architecture, start, next)
        }
        _ = push(Instruction(code: Code.load, operand: Self.architectureOffset), before: next)
    }

    private mutating func search(_ ranges: ArraySlice<Range>) throws(Unknown) -> Int {
        if ranges.count == 1, let range = ranges.first {
            switch range.outcome {
            case .answer(let value): return answer(value)
            case .block(let place): return try copy(place)
            }
        }
        let middle = ranges.startIndex + ranges.count / 2
        let high = try search(ranges[middle...])
        let low = try search(ranges[..<middle])
        return branch(Code.ifGreaterOrEqual, ranges[middle].first, high, low)
    }

    /// Takes over instructions of the given program with all that they lead to.
    private mutating func copy(_ place: Int) throws(Unknown) -> Int {
        if let known = copied[place] { return known }
        guard place < code.count else { throw Unknown() }
        let instruction = code[place]
        let made: Int
        switch instruction.code {
        case Code.answer: return answer(instruction.operand)
        case Code.jump: return try copy(place + 1 + Int(instruction.operand))
        case Code.ifEqual, Code.ifGreater, Code.ifGreaterOrEqual, Code.ifSet:
            let yes = try copy(place + 1 + Int(instruction.whenTrue))
            let no = try copy(place + 1 + Int(instruction.whenFalse))
            made = branch(instruction.code, instruction.operand, yes, no)
        default: made = push(instruction, before: try copy(place + 1))
        }
        copied[place] = made
        return made
    }

    /// An instruction that goes on with another, wherever that is; the place of it counted from the end.
    private mutating func push(_ instruction: Instruction, before next: Int) -> Int {
        if next != reversed.count - 1 { reversed.append(Instruction(code: Code.jump, operand: UInt32(reversed.count - next - 1))) }
        reversed.append(instruction)
        return reversed.count - 1
    }

    private mutating func branch(_ code: UInt16, _ operand: UInt32, _ yes: Int, _ no: Int) -> Int {
        // Bringing one near moves the other a step away.
        let (near, other) = (bringNear(yes), bringNear(no))
        reversed.append(
            Instruction(
                code: code, whenTrue: UInt8(reversed.count - near - 1), whenFalse: UInt8(reversed.count - other - 1), operand: operand))
        return reversed.count - 1
    }

    /// A conditional jump reaches 255 instructions.
    private mutating func bringNear(_ place: Int) -> Int {
        guard reversed.count - place > 250 else { return place }
        let target = reversed[place]
        if target.code == Code.answer {
            reversed.append(target)
        } else {
            reversed.append(Instruction(code: Code.jump, operand: UInt32(reversed.count - place - 1)))
        }
        return reversed.count - 1
    }

    private mutating func answer(_ value: UInt32) -> Int {
        if let known = answers[value], reversed.count - known < 240 { return known }
        reversed.append(Instruction(code: Code.answer, operand: value))
        answers[value] = reversed.count - 1
        return reversed.count - 1
    }
}
