import HeapModule
import JobModel

/// Jobs that ask for the same and count against the same limits: if the first of them cannot start, none can.
struct DemandClass: Sendable {
    struct Key: Hashable, Sendable {
        let demand: ResourceDemand
        let timeLimit: TimeSpan
        /// Positions of limits.
        let books: [Int]
    }

    /// A job in line; stale when its entry's stamp moved on.
    struct Line: Comparable, Sendable {
        let order: Order
        let position: Int
        let stamp: UInt32
        static func < (a: Line, b: Line) -> Bool { a.order < b.order }
    }

    let key: Key
    /// Zero where the machine lacks the resource; `impossible` then.
    let need: ResourceVector
    let amounts: [Int64]
    let nanoseconds: Int64
    /// Can never start on this machine: takes no reservation.
    let impossible: Bool
    var lines = Heap<Line>()
    /// Lines that are not stale.
    var listed = 0
    /// Jobs of the class, in line or not.
    var members = 0
    /// The limit that keeps all of them from starting until something ends under it.
    var blockedBy: Int?
    /// What the tree holds.
    var leaf: Order?

    init(_ key: Key, on machine: Machine) {
        self.key = key
        let vector = machine.vector(key.demand)
        need = vector ?? machine.nothing
        amounts = need.flat
        nanoseconds = key.timeLimit.cappedNanoseconds
        impossible = machine.refusal(of: key.demand) != nil
    }
}
