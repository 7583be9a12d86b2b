public import JobModel

/// The start and the end of an attempt, step by step; kept in the daemon's memory for the attempts that ended last.
public struct AttemptTiming: Hashable, Sendable, Codable {
    /// A step that was passed.
    public struct Stage: Hashable, Sendable, Codable {
        public var stage: TimingStage
        /// Since the step before, in the list's order.
        public var afterNanoseconds: Int64
        /// Since the first of the list.
        public var totalNanoseconds: Int64
    }

    /// Its PID 1 was cloned ahead; nil: not known.
    public var spare: Bool?
    /// Those that are known, in the order of time.
    public var stages: [Stage]
    /// Those that have not come yet, were not taken, or that this daemon did not see.
    public var absent: [TimingStage]

    public init(_ times: AttemptTimes) {
        spare = times.usedSpare
        stages = []
        let passed = times.passed
        var before = passed.first?.at
        for (stage, at) in passed {
            let span = at.nanoseconds - (before ?? at).nanoseconds
            stages.append(Stage(stage: stage, afterNanoseconds: span, totalNanoseconds: at.nanoseconds - passed[0].at.nanoseconds))
            before = at
        }
        absent = TimingStage.allCases.filter { times[$0] == nil }
    }
}
