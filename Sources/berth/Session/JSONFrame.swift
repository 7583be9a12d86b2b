import FoundationEssentials

/// The JSON in a frame.
enum JSONFrame {
    static func decode<T: Decodable>(_: T.Type, _ bytes: [UInt8]) throws -> T { try JSONDecoder().decode(T.self, from: Data(bytes)) }
}
