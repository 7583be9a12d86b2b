public import JobModel

/// The name of a set of staged entries; any text that is used once.
public struct StagingID: Hashable, Sendable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// What is appended to the ledger in the transaction that ends an attempt or a job. Appending the same again changes nothing.
/// A job that lives again is taken out of it, so that it is not purged as one that has ended; its attempts stay.
public enum LedgerEntry: Hashable, Sendable {
    case attempt(LedgerAttempt)
    case job(LedgerJob)
    case livesAgain(JobID)
}

/// A table of the node's own state: image leases, scratch, slots.
public struct NodeTable: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let imageLeases = NodeTable(rawValue: "imageLeases")
    public static let scratch = NodeTable(rawValue: "scratch")
    public static let slots = NodeTable(rawValue: "slots")
    /// What a backup carries beside the database, until the daemon that is started on it has taken it over.
    public static let restored = NodeTable(rawValue: "restored")
    /// Sums over all attempts, and since when the parent group counts.
    public static let accounts = NodeTable(rawValue: "accounts")
    public var description: String { rawValue }
}

/// A change of the node's own state.
public enum NodeChange: Hashable, Sendable {
    case put(NodeTable, key: String, value: [UInt8])
    case remove(NodeTable, key: String)
}

/// What is committed, all or nothing.
public struct StoreTransaction: Sendable {
    /// The most keys that one transaction may change, and may expect (etcd takes 128 operations).
    public static let maximumKeys = 100
    /// The most bytes of encoded values (etcd takes 1.5 MiB a request).
    public static let maximumBytes = 1_400_000

    public var changes: [StoreChange]
    /// The revision that a key must have; zero: it must not exist.
    public var expecting: [StoreKey: Revision]
    /// The leader's; nil for writers that need no office, such as an agent's observations.
    public var term: Term?
    /// Written with the transaction, so that after a lost reply `outcome(of:)` can tell; a second commit of the same key ends as `repeated`.
    /// Keys of different users must differ (put the user into it).
    public var requestKey: RequestKey?
    /// A set of staged entries that becomes visible with this transaction.
    public var staged: StagingID?
    public var ledger: [LedgerEntry]
    /// Their `sequence` is given by the store, in order.
    public var events: [Event]
    /// The newest event that the writer knows: there must be none after it. So a transaction whose reply was lost can be repeated without
    /// doubling its events.
    public var eventsAfter: UInt64?
    public var node: [NodeChange]

    public init(
        changes: [StoreChange] = [], expecting: [StoreKey: Revision] = [:], term: Term? = nil, requestKey: RequestKey? = nil,
        staged: StagingID? = nil, ledger: [LedgerEntry] = [], events: [Event] = [], node: [NodeChange] = []
    ) {
        self.changes = changes
        self.expecting = expecting
        self.term = term
        self.requestKey = requestKey
        self.staged = staged
        self.ledger = ledger
        self.events = events
        self.node = node
    }
}

/// What a commit that was done came to.
public struct CommitReceipt: Hashable, Sendable {
    /// The store's revision after it: its own, unless it changed no key.
    public var revision: Revision
    /// The sequence of its first event; the others follow. Nil without events.
    public var firstEvent: UInt64?
    public init(revision: Revision, firstEvent: UInt64? = nil) {
        self.revision = revision
        self.firstEvent = firstEvent
    }
}

/// What the commit with a request key came to, as stored with it.
public struct RequestOutcome: Hashable, Sendable, Codable {
    public var revision: Revision
    /// The jobs that it made, in the order of submission.
    public var jobs: [JobID]
    public init(revision: Revision, jobs: [JobID]) {
        self.revision = revision
        self.jobs = jobs
    }
}
