import LinuxSys

/// Runs a seccomp filter as the kernel would (classic BPF, linux/filter.h): an independent judge of what was compiled.
struct FilterMachine {
    enum Fault: Error { case unknownInstruction(UInt16), ranOff, badLoad(UInt32), tooLong }

    private var code: [(operation: UInt16, whenTrue: Int, whenFalse: Int, operand: UInt32)] = []

    init(_ program: SeccompProgram) { self.init(bytes: program.bytes) }

    /// What the instructions compare with.
    var operands: Set<UInt32> { Set(code.map(\.operand)) }

    init(bytes: [UInt8]) {
        for at in stride(from: 0, to: bytes.count, by: 8) {
            let operation = UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
            let operand = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 4 + $1]) << UInt32(8 * $1) }
            code.append((operation, Int(bytes[at + 2]), Int(bytes[at + 3]), operand))
        }
    }

    /// The value that the filter returns for a call.
    func run(number: UInt32, audit: UInt32, arguments: [UInt64] = []) throws -> UInt32 {
        // struct seccomp_data: number, architecture, instruction pointer, six arguments, little-endian.
        var words = [number, audit, 0, 0]
        for index in 0..<6 {
            let value = index < arguments.count ? arguments[index] : 0
            words += [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
        }
        var accumulator: UInt32 = 0
        var scratch = [UInt32](repeating: 0, count: 16)
        var at = 0
        var steps = 0
        while at < code.count {
            steps += 1
            if steps > 5000 { throw Fault.tooLong }
            let (operation, yes, no, operand) = code[at]
            at += 1
            switch operation {
            case 0x20:
                guard operand % 4 == 0, Int(operand / 4) < words.count else { throw Fault.badLoad(operand) }
                accumulator = words[Int(operand / 4)]
            case 0x02: scratch[Int(operand)] = accumulator
            case 0x60: accumulator = scratch[Int(operand)]
            case 0x54: accumulator &= operand
            case 0x05: at += Int(operand)
            case 0x15: at += accumulator == operand ? yes : no
            case 0x25: at += accumulator > operand ? yes : no
            case 0x35: at += accumulator >= operand ? yes : no
            case 0x45: at += accumulator & operand != 0 ? yes : no
            case 0x06: return operand
            default: throw Fault.unknownInstruction(operation)
            }
        }
        throw Fault.ranOff
    }
}
