import FoundationEssentials

/// Writes JSON by hand where a reply has thousands of rows: character for character what the encoder makes of it with sorted names, in a small part
/// of its time.
struct JSONText {
    private(set) var text = ""
    private let encoder: JSONEncoder

    init(_ encoder: JSONEncoder, room: Int) {
        self.encoder = encoder
        text.reserveCapacity(room)
    }

    /// An object; in it members, each with a comma behind it.
    mutating func object(_ members: (inout Self) throws -> Void) rethrows {
        text += "{"
        try members(&self)
        if text.utf8.last == 0x2C { text.removeLast() }
        text += "}"
    }

    mutating func member(_ name: StaticString, _ json: String) {
        begin(name)
        text += json
        text += ","
    }

    mutating func member(_ name: StaticString, _ value: some BinaryInteger) { member(name, value.description) }
    mutating func member(_ name: StaticString, _ value: Bool) { member(name, value ? "true" : "false") }

    /// Whole numbers have no point.
    mutating func member(_ name: StaticString, _ value: Double) throws {
        let json = value.description
        member(name, json.hasSuffix(".0") ? String(json.dropLast(2)) : try value.isFinite ? json : encoded(value))
    }

    mutating func string(_ name: StaticString, _ value: String) throws {
        begin(name)
        try append(quoted: value)
        text += ","
    }

    /// By the encoder.
    mutating func encoded(_ name: StaticString, _ value: some Encodable) throws { member(name, try encoded(value)) }

    mutating func object(_ name: StaticString, _ members: (inout Self) throws -> Void) rethrows {
        begin(name)
        try object(members)
        text += ","
    }

    mutating func list<Element>(_ name: StaticString, _ elements: [Element], _ write: (inout Self, Element) throws -> Void) rethrows {
        begin(name)
        text += "["
        var isFirst = true
        for element in elements {
            if !isFirst { text += "," }
            isFirst = false
            try write(&self, element)
        }
        text += "],"
    }

    mutating func append(quoted value: String) throws {
        // Nothing in it has to be written in another way.
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
            text += "\""
            text += value
            text += "\""
        } else {
            text += try encoded(value)
        }
    }

    func encoded(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }

    private mutating func begin(_ name: StaticString) {
        text += "\""
        text += name.description
        text += "\":"
    }
}
