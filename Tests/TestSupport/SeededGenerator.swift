import Foundation

/// The seed of a run's randomised tests: BERTH_SEED, or a fresh one, which is printed so that a failure can be repeated.
public enum Seed {
    public static let value: UInt64 = {
        let given = ProcessInfo.processInfo.environment["BERTH_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
        print("BERTH_SEED=\(seed)")
        // A run that is cut off is worth its seed.
        fflush(nil)
        return seed
    }()

    /// `BERTH_ROUNDS` replaces the number of rounds, for long runs.
    public static func rounds(_ usual: UInt64) -> UInt64 { ProcessInfo.processInfo.environment["BERTH_ROUNDS"].flatMap { UInt64($0) } ?? usual }
}

/// A small random generator (SplitMix64) that gives the same numbers for the same seed.
public struct SeededGenerator: RandomNumberGenerator {
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64 = Seed.value) {
        self.seed = seed
        state = seed
    }

    /// Another one for each round of a test.
    public init(round: UInt64) { self.init(seed: Seed.value &+ round) }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
