/// The cores, memory nodes and counted resources given to one attempt; what is committed before anything starts.
public struct Placement: Hashable, Sendable, Codable {
    /// Exclusive logical CPUs, or the shared pool when `shared`.
    public var cpus: CpuSet
    public var memoryNodes: MemoryNodeSet
    /// True when the job runs on the shared pool under a quota.
    public var shared: Bool
    /// Instances of named resources, such as `gpu: [gpu0, gpu2]`.
    public var named: [String: [String]]

    public init(cpus: CpuSet, memoryNodes: MemoryNodeSet, shared: Bool = false, named: [String: [String]] = [:]) {
        self.cpus = cpus
        self.memoryNodes = memoryNodes
        self.shared = shared
        self.named = named
    }
}

/// The demand of one task after all defaults were applied: what the scheduler counts and the groups enforce.
public struct ResourceDemand: Hashable, Sendable, Codable {
    /// Exclusive cores; 0 when `cpuMillis` is set.
    public var cores: Int
    /// Thousandths of a CPU on the shared pool; 0 when `cores` is set.
    public var cpuMillis: Int
    public var memory: Bytes
    public var swap: Bytes
    public var pids: Int
    public var scratch: Bytes
    public var scratchInodes: Int?
    public var scratchKind: ScratchKind
    public var named: [String: NamedRequest]
    /// By size, ascending; nil: none.
    public var hugePages: [HugePages]?

    public init(
        cores: Int, cpuMillis: Int = 0, memory: Bytes, swap: Bytes = .zero, pids: Int = 4096, scratch: Bytes = .zero, scratchInodes: Int? = nil,
        scratchKind: ScratchKind = .disk, named: [String: NamedRequest] = [:], hugePages: [HugePages]? = nil
    ) {
        self.cores = cores
        self.cpuMillis = cpuMillis
        self.memory = memory
        self.swap = swap
        self.pids = pids
        self.scratch = scratch
        self.scratchInodes = scratchInodes
        self.scratchKind = scratchKind
        self.named = named
        self.hugePages = hugePages?.isEmpty == true ? nil : hugePages
    }
}
