import Foundation

func roundTrip<T: Codable>(_ value: T) throws -> T { try JSONDecoder().decode(T.self, from: try JSONEncoder().encode(value)) }
func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }
func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T { try JSONDecoder().decode(type, from: Data(text.utf8)) }
