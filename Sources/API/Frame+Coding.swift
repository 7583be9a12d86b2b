import JobModel

extension Frame {
    /// The frame as it goes over the wire.
    public var encoded: [UInt8] {
        let (type, payload) = parts
        precondition(payload.count <= APILimit.framePayload, "a frame's payload is larger than APILimit.framePayload")
        return [type] + Self.bytes(UInt32(payload.count)) + payload
    }

    private var parts: (UInt8, [UInt8]) {
        switch self {
        case .input(let bytes): (0x01, bytes)
        case .eof: (0x02, [])
        case .resize(let size): (0x03, Self.bytes(size.rows) + Self.bytes(size.columns))
        case .signal(let number): (0x04, Self.bytes(UInt32(bitPattern: number)))
        case .detach: (0x05, [])
        case .ping: (0x06, [])
        case .hello(let version): (0x10, Self.bytes(version))
        case .stdout(let chunk): (0x11, Self.bytes(chunk))
        case .stderr(let chunk): (0x12, Self.bytes(chunk))
        case .dropped(let count): (0x13, Self.bytes(count))
        case .status(let json): (0x14, json)
        case .started(let attempt): (0x15, Array(attempt.utf8))
        case .exit(let status, let outcome): (0x16, Self.bytes(UInt32(bitPattern: status)) + Array(outcome.utf8))
        case .detached: (0x17, [])
        case .error(let json): (0x18, json)
        case .alive: (0x19, [])
        case .end(let outcome): (0x1a, Array(outcome.utf8))
        case .taken(let count): (0x1b, Self.bytes(count))
        case .other(let type): (type, [])
        }
    }

    /// Nil when the payload does not fit the type.
    init?(type: UInt8, payload: ArraySlice<UInt8>) {
        func text(_ from: Int = 0) -> String { String(decoding: payload.dropFirst(from), as: UTF8.self) }
        switch type {
        case 0x01: self = .input(Array(payload))
        case 0x02: self = .eof
        case 0x03:
            guard payload.count == 4 else { return nil }
            self = .resize(
                TerminalSize(rows: UInt16(Self.number(payload.prefix(2))), columns: UInt16(Self.number(payload.dropFirst(2)))))
        case 0x04:
            guard payload.count == 4 else { return nil }
            self = .signal(Int32(truncatingIfNeeded: Self.number(payload)))
        case 0x05: self = .detach
        case 0x06: self = .ping
        case 0x10:
            guard payload.count >= 4 else { return nil }
            self = .hello(version: UInt32(Self.number(payload.prefix(4))))
        case 0x11, 0x12:
            guard let chunk = Self.chunk(payload) else { return nil }
            self = type == 0x11 ? .stdout(chunk) : .stderr(chunk)
        case 0x13, 0x1b:
            guard payload.count == 8 else { return nil }
            self = type == 0x13 ? .dropped(Self.number(payload)) : .taken(Self.number(payload))
        case 0x14: self = .status(Array(payload))
        case 0x15: self = .started(text())
        case 0x16:
            guard payload.count >= 4 else { return nil }
            self = .exit(status: Int32(truncatingIfNeeded: Self.number(payload.prefix(4))), outcome: text(4))
        case 0x17: self = .detached
        case 0x18: self = .error(Array(payload))
        case 0x19: self = .alive
        case 0x1a: self = .end(text())
        default: self = .other(type)
        }
    }

    private static func chunk(_ payload: ArraySlice<UInt8>) -> LogChunk? {
        guard payload.count >= 16 else { return nil }
        let at = Int64(bitPattern: number(payload.dropFirst(8).prefix(8)))
        return LogChunk(
            position: number(payload.prefix(8)), at: WallTime(milliseconds: at), bytes: Array(payload.dropFirst(16)))
    }

    private static func bytes(_ chunk: LogChunk) -> [UInt8] {
        bytes(chunk.position) + bytes(UInt64(bitPattern: chunk.at.milliseconds)) + chunk.bytes
    }

    private static func bytes(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Cuts a stream of bytes into frames; pieces may end anywhere.
public struct FrameDecoder: Sendable {
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case tooLarge(UInt64)
        case malformed(type: UInt8)

        public var description: String {
            switch self {
            case .tooLarge(let count): "frame of \(count) bytes, accepted are \(APILimit.framePayload)"
            case .malformed(let type): "frame of type \(type) with a payload that does not fit it"
            }
        }
    }

    private var buffer: [UInt8] = []
    private var start = 0
    public init() {}

    /// True when the bytes so far end with a whole frame.
    public var isEmpty: Bool { start == buffer.count }

    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 1 << 16 || start == buffer.count {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; nil when more bytes are needed.
    public mutating func next() throws(Failure) -> Frame? {
        guard buffer.count - start >= 5 else { return nil }
        let type = buffer[start]
        let length = Frame.number(buffer[(start + 1)..<(start + 5)])
        guard length <= APILimit.framePayload else { throw .tooLarge(length) }
        let end = start + 5 + Int(length)
        guard buffer.count >= end else { return nil }
        guard let frame = Frame(type: type, payload: buffer[(start + 5)..<end]) else { throw .malformed(type: type) }
        start = end
        return frame
    }
}
