/// Status line and header fields of a reply (RFC 9112).
public struct HTTPHead: Hashable, Sendable {
    public var status: Int
    /// Names in lower case, in order.
    public var fields: [(name: String, value: String)]

    public static func == (a: HTTPHead, b: HTTPHead) -> Bool {
        a.status == b.status && a.fields.map(\.name) == b.fields.map(\.name) && a.fields.map(\.value) == b.fields.map(\.value)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(status) }

    /// The first field of that name, which is given in lower case.
    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    public var isSuccess: Bool { (200..<300).contains(status) }

    /// How the body's end is told (RFC 9112 §6.3).
    enum Framing: Hashable { case none, length(Int), chunked, untilClose }

    /// Nil when two ways contradict each other or a length is no number.
    var framing: Framing? {
        if status == 204 || status == 304 || (100..<200).contains(status) { return Framing.none }
        let lengths = fields.filter { $0.name == "content-length" }.map(\.value)
        if let coding = self["transfer-encoding"] {
            return coding.lowercased() == "chunked" && lengths.isEmpty ? .chunked : nil
        }
        guard let first = lengths.first else { return .untilClose }
        guard lengths.allSatisfy({ $0 == first }), let length = Int(first), length >= 0, !first.hasPrefix("+") else { return nil }
        return .length(length)
    }

    var closes: Bool { self["connection"]?.lowercased() == "close" }

    /// Parses everything before the empty line.
    init?(_ text: String) {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard !lines.isEmpty else { return nil }
        let start = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard start.count >= 2, start[0] == "HTTP/1.1", start[1].utf8.count == 3, let status = Int(start[1]) else { return nil }
        self.status = status
        fields = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let trimmed = value.lastIndex { $0 != " " && $0 != "\t" }.map { value[...$0] } ?? ""
            fields.append((line[..<colon].lowercased(), String(trimmed)))
        }
    }
}
