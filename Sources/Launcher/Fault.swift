internal import LaunchProgram

/// A system call that failed inside an operation: what was tried and what the kernel said.
struct Fault: Error {
    var errno: Int32
    var detail: ByteString
}

/// The result of a CLinux call, or a fault with its error number.
@discardableResult
func check(_ result: Int, _ detail: @autoclosure () -> ByteString) throws(Fault) -> Int32 {
    guard result >= 0 else { throw Fault(errno: Int32(truncatingIfNeeded: -result), detail: detail()) }
    return Int32(truncatingIfNeeded: result)
}

extension ByteString {
    static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(bytes: left.bytes + right.bytes)
    }

    /// Decimal digits.
    init(number: Int) {
        var digits: [UInt8] = []
        var rest = number.magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        if number < 0 { digits.append(UInt8(ascii: "-")) }
        self.init(bytes: digits.reversed())
    }

    /// The number these decimal digits stand for.
    var number: UInt64? {
        guard !isEmpty, bytes.count < 20 else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Calls with the bytes and a terminating NUL.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = bytes + [0]
        return terminated.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    init(cString: UnsafePointer<CChar>) {
        var bytes: [UInt8] = []
        var place = cString
        while place.pointee != 0 {
            bytes.append(UInt8(bitPattern: place.pointee))
            place += 1
        }
        self.init(bytes: bytes)
    }

    /// What stands before the last slash, and behind it.
    var split: (directory: ByteString, name: ByteString) {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (ByteString(bytes: []), self) }
        return (ByteString(bytes: Array(bytes[..<slash])), ByteString(bytes: Array(bytes[(slash + 1)...])))
    }
}
