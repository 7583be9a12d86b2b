import FoundationEssentials

/// Finds in a JSON text what the decoder does not tell: fields that stand twice, and where a number stands that fits no whole number.
///
/// The text has been found to be JSON; its form is not looked at again.
struct JSONScanner {
    /// An object with the names that were seen in it, or a list with the position reached.
    private enum Level {
        case object(seen: Set<String>, key: String)
        case list(Int)
    }

    private let bytes: [UInt8]
    private var at = 0
    private var levels: [Level] = []
    private var duplicate: String?
    private var odd: (text: String, path: String)?

    /// The path of the first field that stands twice in one object, such as `jobs[0].spec.memory`.
    static func duplicateField(in bytes: [UInt8]) -> String? {
        var scanner = Self(bytes: bytes)
        while scanner.duplicate == nil, scanner.step() {}
        return scanner.duplicate
    }

    /// The first number with a fraction or exponent, or of more than 64 bits.
    static func oddNumber(in bytes: [UInt8]) -> (text: String, path: String)? {
        var scanner = Self(bytes: bytes)
        while scanner.odd == nil, scanner.step() {}
        return scanner.odd
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Takes one token; false at the end.
    private mutating func step() -> Bool {
        guard at < bytes.count else { return false }
        switch bytes[at] {
        case UInt8(ascii: "{"): levels.append(.object(seen: [], key: ""))
        case UInt8(ascii: "["): levels.append(.list(0))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
        case UInt8(ascii: ","):
            if case .list(let position) = levels.last { levels[levels.count - 1] = .list(position + 1) }
        case UInt8(ascii: "\""):
            let text = takeString()
            if isKey, !enter(text) { duplicate = path }
            return true
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            takeNumber()
            return true
        default: break
        }
        at += 1
        return true
    }

    private mutating func takeNumber() {
        let end = bytes[at...].firstIndex { !"+-.eE0123456789".utf8.contains($0) } ?? bytes.count
        let text = String(decoding: bytes[at..<end], as: UTF8.self)
        at = end
        if Int64(text) == nil, UInt64(text) == nil { odd = (text, path) }
    }

    /// A text before a colon names a field.
    private var isKey: Bool {
        let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        return bytes[at...].first { !blanks.contains($0) } == UInt8(ascii: ":")
    }

    /// The string that begins here, with the position moved behind it.
    private mutating func takeString() -> String {
        let start = at
        var hasEscapes = false
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            if bytes[at] == UInt8(ascii: "\\") {
                hasEscapes = true
                at += 1
            }
            at += 1
        }
        at = min(at + 1, bytes.count)
        let raw = bytes[start..<at]
        // A name may be written with escapes; then it is the decoder's to read.
        if hasEscapes, let text = try? JSONDecoder().decode(String.self, from: Data(raw)) { return text }
        return String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
    }

    /// False when the field was there already.
    private mutating func enter(_ name: String) -> Bool {
        guard case .object(var seen, _) = levels.last else { return true }
        levels[levels.count - 1] = .list(0)
        let isNew = seen.insert(name).inserted
        levels[levels.count - 1] = .object(seen: seen, key: name)
        return isNew
    }

    private var path: String {
        levels.reduce("") { text, level in
            switch level {
            case .object(_, let key): text.isEmpty ? key : "\(text).\(key)"
            case .list(let position): "\(text)[\(position)]"
            }
        }
    }
}
