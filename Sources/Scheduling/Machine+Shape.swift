import JobModel

extension Machine {
    /// All CPUs but the lowest `reserved` ones. By default machines with one or two CPUs keep none for the system, others one.
    static func usableCpus(_ shape: MachineShape, reserved: Int?) -> CpuSet {
        let all = shape.allCpus.members
        let kept = reserved ?? (all.count > 2 ? 1 : 0)
        return CpuSet(all.dropFirst(max(0, kept)))
    }

    static func nodes(_ shape: MachineShape, usable: CpuSet, reserved: Bytes) -> [Node] {
        let memory = memoryForJobs(shape, reserved: reserved)
        let known = Set(shape.nodes.map(\.id))
        let sizes = shape.hugePages.map(\.size)
        return shape.nodes.enumerated().map { position, node in
            let huge = sizes.map { size in (node.hugePages ?? []).filter { $0.size == size }.reduce(0) { $0 + Int64(capped: $1.bytes.count) } }
            // A CPU whose node the kernel does not list belongs to the first one, so that no CPU is lost.
            let own = shape.cpus.filter { usable.contains($0.id) && ($0.node == node.id || (position == 0 && !known.contains($0.node))) }
            let distances = shape.nodes.indices.map { other in
                other < node.distances.count ? node.distances[other] : (other == position ? 10 : 20)
            }
            let near = shape.nodes.indices.sorted { a, b in
                if (a == position) != (b == position) { return a == position }
                return (distances[a], a) < (distances[b], b)
            }
            return Node(
                id: node.id, cpus: CpuSet(own.map(\.id)), memory: memory[position], huge: huge, near: near, distances: distances,
                domains: domains(own))
        }
    }

    private static func domains(_ cpus: [MachineShape.Cpu]) -> [[Core]] {
        let caches = Dictionary(grouping: cpus, by: \.cache).sorted { $0.key < $1.key }
        return caches.map { _, members in
            Dictionary(grouping: members) { [$0.package, $0.core] }
                .map { _, siblings in Core(cpus: siblings.map(\.id).sorted()) }
                .sorted { $0.cpus[0] < $1.cpus[0] }
        }
    }

    /// The system's part is taken from each node in proportion to its size.
    private static func memoryForJobs(_ shape: MachineShape, reserved: Bytes) -> [Int64] {
        let whole = shape.pageMemory.count
        guard whole > 0 else { return shape.nodes.map { _ in 0 } }
        var rest = min(reserved.count, whole)
        let kept = rest
        var result: [UInt64] = shape.nodes.map { node in
            let product = kept.multipliedFullWidth(by: node.pageMemory.count)
            let share = whole.dividingFullWidth((product.high, product.low)).quotient
            rest -= share
            return node.pageMemory.count - share
        }
        for index in result.indices where rest > 0 {
            let share = min(rest, result[index])
            result[index] -= share
            rest -= share
        }
        return result.map { Int64(capped: $0) }
    }
}
