/// How long things are kept, by the wall clock (contract §2); what lives, and what a living job waits for, is kept whatever its age.
public struct Retention: Hashable, Sendable {
    /// Of the logs of finished attempts.
    public var logs = TimeSpan.hours(24 * 30)
    public var events = TimeSpan.hours(24 * 30)
    /// At most so many events, whatever their age.
    public var eventCount = 1_000_000
    /// Of finished jobs as `berth show` knows them, and of the request keys that submits came with.
    public var jobs = TimeSpan.hours(24 * 7)
    /// Of the ledger; nil: for ever.
    public var ledger: TimeSpan?
    /// At most so many ended runs in the ledger, whatever their age; nil: any number.
    public var ledgerCount: Int?

    /// The defaults of the configuration.
    public init() {}
}
