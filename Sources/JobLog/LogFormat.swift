/// Numbers of the log's format, shared by writer and reader.
enum LogFormat {
    static let version: UInt32 = 1
    static let magic: UInt64 = 0x474f_4c42_4f4a_4542  // "BEJOBLOG"
    static let frameHeader = 13
    static let segmentPayload = 28
    static let segmentHeader = frameHeader + segmentPayload
    static let gapFrame = frameHeader + 8
    /// A longer frame is torn or not ours.
    static let longestFrame = 1 << 20
    static let segmentStream: UInt8 = 0
    static let gapStream: UInt8 = 3

    static func header(stream: UInt8, time: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: frameHeader)
        bytes[0] = stream
        store(time, in: &bytes, at: 1, size: 8)
        store(UInt64(count), in: &bytes, at: 9, size: 4)
        return bytes
    }

    static func segment(sequence: UInt64, position: UInt64, time: UInt64) -> [UInt8] {
        var bytes = header(stream: segmentStream, time: time, count: segmentPayload)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: segmentPayload))
        store(magic, in: &bytes, at: frameHeader, size: 8)
        store(UInt64(version), in: &bytes, at: frameHeader + 8, size: 4)
        store(sequence, in: &bytes, at: frameHeader + 12, size: 8)
        store(position, in: &bytes, at: frameHeader + 20, size: 8)
        return bytes
    }

    static func gap(bytes count: UInt64, time: UInt64) -> [UInt8] {
        var bytes = header(stream: gapStream, time: time, count: 8)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 8))
        store(count, in: &bytes, at: frameHeader, size: 8)
        return bytes
    }
}
