public import JobModel

/// `POST /v1/tasks/wait`: a long poll, held until everything selected has finished or `holdFor` is over; then asked again.
///
/// Finished jobs are found in the ledger too. An id that was never given is refused as `unknown` at once.
public struct WaitRequest: Hashable, Sendable, Codable {
    public var selection: Selection
    /// At most `APILimit.longPollMilliseconds`.
    public var holdFor: TimeSpan
    public init(_ selection: Selection, holdFor: TimeSpan) {
        self.selection = selection
        self.holdFor = holdFor
    }
}

public struct WaitReply: Hashable, Sendable, Codable {
    public struct Result: Hashable, Sendable, Codable {
        public var task: TaskID
        public var outcome: OutcomeView
        public init(_ task: TaskID, _ outcome: OutcomeView) {
            self.task = task
            self.outcome = outcome
        }
    }

    public var version = APIVersion.current
    /// Tasks that are selected.
    public var tasks: Int
    /// Of these, not yet finished; 0: done.
    public var remaining: Int
    public var counts: TaskCounts
    /// The lowest id among all selected that finished and did not succeed; its status is what `wait` exits with.
    public var lowestUnsuccessful: Result?
    /// What a selection without ids meant when it came: to be asked with next, so that what ends in between is not forgotten.
    public var selection: Selection?

    public init(tasks: Int, remaining: Int, counts: TaskCounts, lowestUnsuccessful: Result? = nil) {
        self.tasks = tasks
        self.remaining = remaining
        self.counts = counts
        self.lowestUnsuccessful = lowestUnsuccessful
    }
}
