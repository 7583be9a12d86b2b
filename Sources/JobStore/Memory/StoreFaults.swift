/// What an `InMemoryStore` does to its users, at random but the same for one seed. Each is a probability from 0 to 1.
public struct StoreFaults: Sendable {
    public var seed: UInt64
    /// A commit ends as a conflict although nothing was changed by others.
    public var conflict = 0.0
    /// A commit ends as unknown; half of these were done.
    public var unknown = 0.0
    /// A batch of changes arrives only with later ones, in order.
    public var late = 0.0
    /// A batch of changes arrives again.
    public var doubled = 0.0
    /// A batch of changes comes in several parts.
    public var split = 0.0
    /// All older changes are dropped and all followers ended after a commit.
    public var compaction = 0.0

    public init(seed: UInt64) { self.seed = seed }

    /// Some of everything.
    public static func some(seed: UInt64) -> StoreFaults {
        var faults = StoreFaults(seed: seed)
        faults.conflict = 0.1
        faults.unknown = 0.1
        faults.late = 0.2
        faults.doubled = 0.2
        faults.split = 0.3
        faults.compaction = 0.02
        return faults
    }
}

/// SplitMix64: small, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ probability: Double) -> Bool { probability > 0 && Double.random(in: 0..<1, using: &self) < probability }
}
