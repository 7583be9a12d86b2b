public import JobModel

extension State {
    /// What the configuration gives the scheduler: what the system keeps, what is counted, who may have how much.
    public struct Settings: Hashable, Sendable, Codable {
        /// Logical CPUs kept back for the system, lowest numbers first; nil: none on machines with two or fewer, else one.
        public var reservedCores: Int?
        /// Memory kept back for the system, taken from the nodes in proportion to their size.
        public var reservedMemory: Bytes
        /// Scratch on disk that jobs may have together, before `reservedScratch`; nil: not counted.
        public var scratchCapacity: Bytes?
        /// Scratch on disk kept back for the system.
        public var reservedScratch: Bytes
        /// Named, counted resources.
        public var named: [NamedResource]
        /// Queues with priority and limits; a queue that is not listed has priority 0 and no limit.
        public var queues: [QueueDefinition]
        /// Of every user that `users` does not name; of these limits, the `active…` ones count here, the `…PerTask` ones in `refusal`.
        public var userLimits: ResourceLimits
        /// Of single users, in place of `userLimits`.
        public var users: [UserID: ResourceLimits]
        /// Of every batch that `batches` does not name.
        public var batchLimits: ResourceLimits
        /// Of single batches, in place of `batchLimits`.
        public var batches: [BatchID: ResourceLimits]

        public init(
            reservedCores: Int? = nil, reservedMemory: Bytes = .zero, scratchCapacity: Bytes? = nil, reservedScratch: Bytes = .zero,
            named: [NamedResource] = [], queues: [QueueDefinition] = [], userLimits: ResourceLimits = ResourceLimits(),
            users: [UserID: ResourceLimits] = [:], batchLimits: ResourceLimits = ResourceLimits(),
            batches: [BatchID: ResourceLimits] = [:]
        ) {
            self.reservedCores = reservedCores
            self.reservedMemory = reservedMemory
            self.scratchCapacity = scratchCapacity
            self.reservedScratch = reservedScratch
            self.named = named
            self.queues = queues
            self.userLimits = userLimits
            self.users = users
            self.batchLimits = batchLimits
            self.batches = batches
        }
    }
}
