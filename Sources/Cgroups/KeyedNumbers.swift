/// A file of lines "key number", such as `memory.stat`: looked up in its bytes, because of dozens of lines two or three are wanted.
struct KeyedNumbers: Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The number behind a key; nil without such a line, or where what follows is none.
    subscript(key: String) -> UInt64? {
        let key = Array(key.utf8)
        return bytes.withUnsafeBytes { text in
            var start = 0
            while start < text.count {
                var end = start
                while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
                let line = UnsafeRawBufferPointer(rebasing: text[start..<end])
                if line.count > key.count, line[key.count] == UInt8(ascii: " "), line.starts(with: key) {
                    return Self.number(UnsafeRawBufferPointer(rebasing: line[(key.count + 1)...]))
                }
                start = end + 1
            }
            return nil
        }
    }

    private static func number(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflows, !carries else { return nil }
            value = sum
        }
        return value
    }
}
