public import API
public import JobModel
import Scheduling

/// What is used of the machine, for `berth node`.
public struct NodeUse: Sendable {
    public var usedCpus: CpuSet
    public var sharedCpus: CpuSet
    public var usedMemory: Bytes
    public var usedScratch: Bytes
    /// By size.
    public var usedHugePages: [Bytes: Bytes] = [:]
    public var usedInstances: [String: Set<String>]
    public var counts: TaskCounts
    public var countsByQueue: [String: TaskCounts]
    /// Whether the state directory takes changes.
    public var isStorageUp: Bool
}

extension Controller {
    /// Cores, memory and instances that attempts hold now.
    public func nodeUse() -> NodeUse {
        var use = NodeUse(
            usedCpus: CpuSet(), sharedCpus: CpuSet(), usedMemory: .zero, usedScratch: .zero, usedInstances: [:], counts: TaskCounts(),
            countsByQueue: [:], isStorageUp: storageFailure == nil)
        for (id, attempt) in attempts {
            let placement = attempt.record.placement
            if placement.shared {
                use.sharedCpus = use.sharedCpus.union(placement.cpus)
            } else if !attempt.record.coresReleased {
                use.usedCpus = use.usedCpus.union(placement.cpus)
            }
            for (name, instances) in placement.named { use.usedInstances[name, default: []].formUnion(instances) }
            guard let demand = jobs[id.task.job]?.record.demand else { continue }
            use.usedMemory = use.usedMemory + demand.memory
            for pages in demand.hugePages ?? [] {
                use.usedHugePages[pages.size] = (use.usedHugePages[pages.size] ?? .zero) + pages.bytes
            }
            if demand.scratchKind == .disk { use.usedScratch = use.usedScratch + demand.scratch }
        }
        for job in jobs.values {
            let counts = counts(of: job)
            use.counts = use.counts + counts
            use.countsByQueue[job.record.queue] = (use.countsByQueue[job.record.queue] ?? TaskCounts()) + counts
        }
        return use
    }

    public var queues: [QueueDefinition] { settings.queues }
    public var defaults: JobDefaults { settings.defaults }
}
