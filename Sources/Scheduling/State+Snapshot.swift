public import JobModel

extension State {
    /// All that the state knows, in an order of its own: a state built from it plans as this one does.
    public struct Snapshot: Hashable, Sendable, Codable {
        /// An attempt that holds resources.
        public struct Attempt: Hashable, Sendable, Codable {
            public enum Phase: String, Hashable, Sendable, Codable {
                /// Proposed by a plan, not yet committed.
                case proposed
                case running, frozen, waiting
                /// A resume proposed by a plan, not yet committed.
                case resuming
            }
            public var task: TaskID
            /// Nil while proposed.
            public var number: UInt32?
            public var placement: Placement
            /// As it was when the attempt started.
            public var demand: ResourceDemand
            public var timeLimit: TimeSpan
            public var startedAt: BootTime
            /// Frozen before the present freeze.
            public var pausedFor: TimeSpan
            public var frozenAt: BootTime?
            public var waitingSince: BootTime?
            public var coresReleased: Bool
            public var phase: Phase
        }

        public struct JobEntry: Hashable, Sendable, Codable {
            public var job: Job
            public var tasks: TaskTable
        }

        public var shape: MachineShape
        public var settings: Settings
        /// By id.
        public var jobs: [JobEntry]
        /// By id.
        public var attempts: [Attempt]
        public var batchHolds: [BatchID: [Hold]]
        /// Of jobs that are not in `jobs` but that some of them may depend on.
        public var finishedElsewhere: [JobOutcomes]
    }
}
