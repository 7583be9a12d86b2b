/// Cuts the bytes of a connection into one reply's head and body; pieces may end anywhere.
package struct HTTPReplyParser {
    package enum Failure: Error, Hashable { case malformed(String) }

    /// A head longer than this is refused.
    static let headLimit = 64 << 10

    package private(set) var head: HTTPHead?
    /// The whole body was given out.
    package private(set) var isComplete = false
    private var buffer: [UInt8] = []
    private var start = 0
    /// So many bytes behind `start` were looked through for the end of the head: what comes in small pieces is not looked through again and again.
    private var searched = 0
    private var framing = HTTPHead.Framing.none
    /// Of a fixed length or of the chunk at hand.
    private var remaining = 0
    private var phase = Phase.head

    package init() {}

    private enum Phase { case head, body, chunkSize, chunkData, chunkEnd, trailers }

    /// Bytes behind the reply's end: nothing may stand there before the next request.
    var hasSurplus: Bool { isComplete && start < buffer.count }
    var canBeReused: Bool { isComplete && framing != .untilClose && head?.closes == false && !hasSurplus }

    /// Takes what was read and gives the body bytes that are now known, perhaps none.
    package mutating func feed(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        if start == buffer.count {
            buffer = bytes
            start = 0
        } else {
            buffer.removeFirst(start)
            start = 0
            buffer += bytes
        }
        var body: [UInt8] = []
        while !isComplete, try step(&body) {}
        return body
    }

    /// The other end closed: the end of a body without a length, a torn reply otherwise.
    package mutating func end() throws(Failure) {
        guard !isComplete else { return }
        guard phase == .body, framing == .untilClose else { throw .malformed("the connection ended within a reply") }
        isComplete = true
    }

    /// One step; false when more bytes are needed.
    private mutating func step(_ body: inout [UInt8]) throws(Failure) -> Bool {
        switch phase {
        case .head: return try takeHead()
        case .body: return takeBody(&body)
        case .chunkSize:
            guard let line = try takeLine() else { return false }
            try beginChunk(line)
        case .chunkData:
            guard takeCounted(&body) else { return false }
            if remaining == 0 { phase = .chunkEnd }
        case .chunkEnd:
            guard let line = try takeLine() else { return false }
            guard line.isEmpty else { throw .malformed("a chunk is longer than it says") }
            phase = .chunkSize
        case .trailers:
            guard let line = try takeLine() else { return false }
            if line.isEmpty { isComplete = true }
        }
        return true
    }

    private mutating func takeHead() throws(Failure) -> Bool {
        guard let end = Self.endOfHead(buffer[(start + max(searched - 3, 0))...]) else {
            searched = buffer.count - start
            if searched > Self.headLimit { throw .malformed("a head of more than \(Self.headLimit) bytes") }
            return false
        }
        searched = 0
        guard let head = HTTPHead(String(decoding: buffer[start..<end], as: UTF8.self)), let framing = head.framing else {
            throw .malformed("no HTTP/1.1 head")
        }
        start = end + 4
        // A 100 Continue is followed by the real reply.
        if (100..<200).contains(head.status) { return true }
        self.head = head
        self.framing = framing
        switch framing {
        case .none: isComplete = true
        case .length(let length):
            remaining = length
            phase = .body
            isComplete = length == 0
        case .chunked: phase = .chunkSize
        case .untilClose: phase = .body
        }
        return true
    }

    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        var at = bytes.startIndex
        while at + 3 < bytes.endIndex {
            guard let found = bytes[at...].firstIndex(of: 13), found + 3 < bytes.endIndex else { return nil }
            if bytes[found + 1] == 10, bytes[found + 2] == 13, bytes[found + 3] == 10 { return found }
            at = found + 1
        }
        return nil
    }

    private mutating func takeBody(_ body: inout [UInt8]) -> Bool {
        guard framing == .untilClose else {
            let went = takeCounted(&body)
            if remaining == 0 { isComplete = true }
            return went
        }
        guard start < buffer.count else { return false }
        body += buffer[start...]
        start = buffer.count
        return true
    }

    private mutating func takeCounted(_ body: inout [UInt8]) -> Bool {
        let count = min(remaining, buffer.count - start)
        guard count > 0 else { return false }
        body += buffer[start..<(start + count)]
        start += count
        remaining -= count
        return true
    }

    private mutating func takeLine() throws(Failure) -> String? {
        let rest = buffer[start...]
        guard let end = rest.firstIndex(of: 10) else {
            if rest.count > 4096 { throw .malformed("a chunk line of more than 4096 bytes") }
            return nil
        }
        guard end > start, buffer[end - 1] == 13 else { throw .malformed("a chunk line without CR") }
        let line = String(decoding: buffer[start..<(end - 1)], as: UTF8.self)
        start = end + 1
        return line
    }

    private mutating func beginChunk(_ line: String) throws(Failure) {
        let digits = line.prefix { $0 != ";" && $0 != " " }
        guard !digits.isEmpty, digits.utf8.count <= 8, digits.first != "+", digits.first != "-", let size = Int(digits, radix: 16) else {
            throw .malformed("a chunk size of '\(digits.prefix(20))'")
        }
        remaining = size
        phase = size == 0 ? .trailers : .chunkData
    }
}
