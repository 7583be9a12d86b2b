import JobModel

/// The books of one machine: what it has, what is given, by CPU, memory node and instance.
struct Machine: Sendable {
    /// One memory node with the CPUs that jobs may have.
    struct Node: Sendable {
        let id: MemoryNode
        let cpus: CpuSet
        /// Bytes that jobs may have.
        let memory: Int64
        /// Bytes of huge pages, in the order of `hugeSizes`.
        let huge: [Int64]
        /// Positions of all nodes, nearest first, itself at the front.
        let near: [Int]
        let distances: [Int]
        /// Its cores by last-level cache.
        let domains: [[Core]]
    }

    /// The SMT siblings of one core that jobs may have.
    struct Core: Sendable { let cpus: [Int] }

    /// What an attempt holds right now.
    struct Holding: Hashable, Sendable {
        var cpus = CpuSet()
        /// Of the shared pool.
        var millis: Int64 = 0
        /// Bytes by position of the node.
        var memory: [Int64]
        var scratch: Int64 = 0
        /// Bytes of huge pages by position of the node and of the size.
        var huge: [[Int64]]
        /// Positions of instances by position of the resource.
        var instances: [[Int]]
    }

    let nodes: [Node]
    let usable: CpuSet
    let named: [NamedResource]
    /// Sizes of huge pages that there are, ascending.
    let hugeSizes: [Bytes]
    let total: ResourceVector
    /// Not exclusive: these make up the shared pool.
    private(set) var freeCpus: CpuSet
    private(set) var sharedMillis: Int64 = 0
    private(set) var memoryFree: [Int64]
    private(set) var hugeFree: [[Int64]]
    private(set) var instancesFree: [[Bool]]
    /// The sums of the above; below zero in part after the machine or its settings shrank.
    private(set) var free: ResourceVector

    init(shape: MachineShape, settings: State.Settings) {
        usable = Self.usableCpus(shape, reserved: settings.reservedCores)
        nodes = Self.nodes(shape, usable: usable, reserved: settings.reservedMemory)
        named = settings.named
        hugeSizes = shape.hugePages.map(\.size)
        let scratch = settings.scratchCapacity.map { Int64(capped: ($0 - settings.reservedScratch).count) } ?? .endless
        total = ResourceVector(
            cpu: Int64(usable.count) * 1000, memory: nodes.reduce(0) { $0 + $1.memory }, scratch: scratch,
            named: named.map { Int64($0.instances.count) }, huge: shape.hugePages.map { Int64(capped: $0.bytes.count) })
        freeCpus = usable
        memoryFree = nodes.map(\.memory)
        hugeFree = nodes.map(\.huge)
        instancesFree = named.map { Array(repeating: true, count: $0.instances.count) }
        free = total
    }

    /// The same machine with nothing given.
    var cleared: Machine {
        var result = self
        result.freeCpus = usable
        result.sharedMillis = 0
        result.memoryFree = nodes.map(\.memory)
        result.hugeFree = nodes.map(\.huge)
        result.instancesFree = named.map { Array(repeating: true, count: $0.instances.count) }
        result.free = total
        return result
    }

    /// CPUs that someone else holds already stay with them: a double grant is then seen by `checkInvariants` and not made worse here.
    mutating func take(_ wanted: Holding) -> Holding {
        var holding = wanted
        holding.cpus = wanted.cpus.intersection(freeCpus)
        holding.instances = wanted.instances.enumerated().map { resource, list in list.filter { instancesFree[resource][$0] } }
        freeCpus = freeCpus.subtracting(holding.cpus)
        change(holding, sign: -1)
        return holding
    }

    mutating func give(_ holding: Holding) {
        freeCpus = freeCpus.union(holding.cpus)
        change(holding, sign: 1)
    }

    private mutating func change(_ holding: Holding, sign: Int64) {
        sharedMillis -= sign * holding.millis
        free.cpu += sign * (Int64(holding.cpus.count) * 1000 + holding.millis)
        for (node, bytes) in holding.memory.enumerated() {
            memoryFree[node] += sign * bytes
            free.memory += sign * bytes
        }
        for (node, amounts) in holding.huge.enumerated() {
            for (size, bytes) in amounts.enumerated() {
                hugeFree[node][size] += sign * bytes
                free.huge[size] += sign * bytes
            }
        }
        free.scratch += sign * holding.scratch
        for (resource, list) in holding.instances.enumerated() {
            for instance in list { instancesFree[resource][instance] = sign > 0 }
            free.named[resource] += sign * Int64(list.count)
        }
    }

    /// What a holding amounts to.
    func vector(_ holding: Holding) -> ResourceVector {
        ResourceVector(
            cpu: Int64(holding.cpus.count) * 1000 + holding.millis, memory: holding.memory.reduce(0, +), scratch: holding.scratch,
            named: holding.instances.map { Int64($0.count) },
            huge: hugeSizes.indices.map { size in holding.huge.reduce(0) { $0 + $1[size] } })
    }

    var noHolding: Holding {
        Holding(memory: nodes.map { _ in 0 }, huge: nodes.map { _ in hugeSizes.map { _ in 0 } }, instances: named.map { _ in [] })
    }

    /// Of everything zero.
    var nothing: ResourceVector {
        ResourceVector(cpu: 0, memory: 0, scratch: 0, named: named.map { _ in 0 }, huge: hugeSizes.map { _ in 0 })
    }

    /// The CPUs of some memory nodes.
    func cpus(of set: MemoryNodeSet) -> CpuSet {
        nodes.reduce(CpuSet()) { set.contains($1.id) ? $0.union($1.cpus) : $0 }
    }
}
