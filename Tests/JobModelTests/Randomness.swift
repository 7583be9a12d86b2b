import Foundation

/// A small generator with a seed that can be printed and given again by BERTH_SEED (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    static let seed: UInt64 = {
        let given = ProcessInfo.processInfo.environment["BERTH_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
        print("BERTH_SEED=\(seed)")
        return seed
    }()

    private var state: UInt64
    init(_ round: UInt64 = 0) { state = Self.seed &+ round }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func roundTrip<T: Codable>(_ value: T) throws -> T { try JSONDecoder().decode(T.self, from: try JSONEncoder().encode(value)) }
func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }
func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T { try JSONDecoder().decode(type, from: Data(text.utf8)) }
