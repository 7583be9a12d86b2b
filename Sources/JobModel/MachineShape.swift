/// What a machine has to give: its logical CPUs in cores, packages, caches and memory nodes. Read once by `Topology`; no I/O here.
public struct MachineShape: Hashable, Sendable, Codable {
    /// One logical CPU and where it sits.
    public struct Cpu: Hashable, Sendable, Codable {
        public let id: Int
        public let core: Int
        public let package: Int
        public let node: MemoryNode
        /// The last-level cache domain it belongs to.
        public let cache: Int
        public init(id: Int, core: Int, package: Int, node: MemoryNode, cache: Int) {
            self.id = id
            self.core = core
            self.package = package
            self.node = node
            self.cache = cache
        }
    }

    /// One NUMA memory node; it may have no CPUs or no memory.
    public struct Node: Hashable, Sendable, Codable {
        public let id: MemoryNode
        public let cpus: CpuSet
        public let memory: Bytes
        /// Distances to the nodes in the order of `nodes`, 10 being local (ACPI SLIT).
        public let distances: [Int]
        /// Of its memory, by size; sizes of which there are none are left out.
        public let hugePages: [HugePages]?
        public init(id: MemoryNode, cpus: CpuSet, memory: Bytes, distances: [Int], hugePages: [HugePages]? = nil) {
            self.id = id
            self.cpus = cpus
            self.memory = memory
            self.distances = distances
            self.hugePages = hugePages
        }

        /// What is left for pages of the usual size: huge pages are taken off for good.
        public var pageMemory: Bytes { (hugePages ?? []).reduce(memory) { $0 - $1.bytes } }
    }

    public let cpus: [Cpu]
    public let nodes: [Node]

    public init(cpus: [Cpu], nodes: [Node]) {
        self.cpus = cpus
        self.nodes = nodes
    }

    public var allCpus: CpuSet { CpuSet(cpus.map(\.id)) }
    public var memory: Bytes { nodes.reduce(.zero) { $0 + $1.memory } }
    /// Memory in pages of the usual size.
    public var pageMemory: Bytes { nodes.reduce(.zero) { $0 + $1.pageMemory } }
    /// Of all nodes, by size.
    public var hugePages: [HugePages] {
        var sums: [Bytes: Bytes] = [:]
        for pages in nodes.flatMap({ $0.hugePages ?? [] }) { sums[pages.size, default: .zero] = (sums[pages.size] ?? .zero) + pages.bytes }
        return sums.map { HugePages(size: $0.key, bytes: $0.value) }.sorted { $0.size < $1.size }
    }
    public var memoryNodes: MemoryNodeSet { MemoryNodeSet(nodes.filter { $0.memory > .zero }.map(\.id)) }

    /// A machine of one node, for tests and for kernels without NUMA.
    public static func uniform(cpus: Int, memory: Bytes) -> MachineShape {
        MachineShape(
            cpus: (0..<cpus).map { Cpu(id: $0, core: $0, package: 0, node: 0, cache: 0) },
            nodes: [Node(id: 0, cpus: CpuSet(0..<cpus), memory: memory, distances: [10])])
    }
}
