/// A decoder of nothing, which writes down what it is asked for.
final class Probe: Decoder {
    /// What a field of text or number says.
    struct Sample {
        var text: String
        var number: Int64
        /// Texts of the forms that the API's own types read: ids, lists, words with a number.
        static let all = ["1", "1.1", "1.1#1", "exit:1", "root", "a", "TERM", "00000000000000000000000000000000"].map { Sample(text: $0, number: 1) }
    }

    /// What was asked for.
    struct Record {
        var object = ObjectSchema()
        /// A text, a number or a truth value instead of an object.
        var single: Schema?
        /// The largest number of words that one of its fields has.
        var words = 0
    }

    let book: SchemaBook
    let sample: Sample
    let choice: Int
    var record = Record()
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(in book: SchemaBook, _ sample: Sample, choice: Int) {
        self.book = book
        self.sample = sample
        self.choice = choice
    }

    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(Fields<Key>(probe: self)) }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw SchemaBook.Failure(description: "a list of its own form") }
    func singleValueContainer() -> any SingleValueDecodingContainer { Single(probe: self) }

    /// A plain value of the type.
    func plain<T>(_ type: T.Type) -> T? {
        if let text = sample.text as? T { return text }
        if let flag = false as? T { return flag }
        if let number = 1.0 as? T { return number }
        guard let integer = type as? any FixedWidthInteger.Type else { return nil }
        return integer.init(truncatingIfNeeded: sample.number) as? T
    }

    func note(_ type: any Decodable.Type, _ name: String, required: Bool) throws {
        let schema = try book.schema(of: type)
        if case .words(let words) = schema { record.words = max(record.words, words.count) }
        record.object.properties[name] = schema
        if required { record.object.required.insert(name) }
    }
}

private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: Probe
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }
    func contains(_: Key) -> Bool { false }
    func decodeNil(forKey: Key) -> Bool { true }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try probe.note(type, key.stringValue, required: true)
        return try probe.plain(type) ?? probe.book.value(type, choosing: probe.choice)
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try probe.note(type, key.stringValue, required: false)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey: Key) throws -> KeyedDecodingContainer<Nested> { throw unseen }
    func nestedUnkeyedContainer(forKey: Key) throws -> any UnkeyedDecodingContainer { throw unseen }
    func superDecoder() throws -> any Decoder { throw unseen }
    func superDecoder(forKey: Key) throws -> any Decoder { throw unseen }
    private var unseen: SchemaBook.Failure { SchemaBook.Failure(description: "a form that a schema is not found of") }
}

extension Fields {
    // Without these the library would ask `contains` first.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try absent(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try absent(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try absent(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try absent(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try absent(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try absent(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try absent(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try absent(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try absent(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try absent(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try absent(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try absent(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try absent(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try absent(type, key) }

    private func absent<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
        try probe.note(type, key.stringValue, required: false)
        return nil
    }
}

private struct Single: SingleValueDecodingContainer {
    let probe: Probe
    var codingPath: [any CodingKey] { [] }
    func decodeNil() -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        probe.record.single = try probe.book.schema(of: type)
        return try probe.plain(type) ?? probe.book.value(type, choosing: probe.choice)
    }
}
