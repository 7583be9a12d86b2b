import JobModel

extension Machine {
    /// Picks CPUs of a node: of one cache domain where one has enough (the fullest that fits), SMT siblings together where the number allows.
    func pick(_ count: Int, on node: Int, from available: CpuSet) -> CpuSet {
        var domains = nodes[node].domains.map { domain in domain.map { $0.cpus.filter(available.contains) } }
        let whole = nodes[node].domains.map { domain in domain.map(\.cpus.count) }
        var picked = CpuSet()
        var rest = count
        while rest > 0 {
            let sizes = domains.map { $0.reduce(0) { $0 + $1.count } }
            guard let domain = Self.bestFit(sizes, for: rest) else { break }
            for cpu in Self.takeSiblings(min(rest, sizes[domain]), from: &domains[domain], whole: whole[domain]) {
                picked.insert(cpu)
                rest -= 1
            }
        }
        return picked
    }

    /// The smallest that holds `count`, else the largest; nil when all are empty.
    private static func bestFit(_ sizes: [Int], for count: Int) -> Int? {
        let enough = sizes.indices.filter { sizes[$0] >= count }.min { (sizes[$0], $0) < (sizes[$1], $1) }
        return enough ?? sizes.indices.filter { sizes[$0] > 0 }.min { (-sizes[$0], $0) < (-sizes[$1], $1) }
    }

    /// Whole cores first; what remains comes from a core that is broken already, so that whole ones stay whole.
    private static func takeSiblings(_ count: Int, from cores: inout [[Int]], whole: [Int]) -> [Int] {
        var picked: [Int] = []
        for index in cores.indices where cores[index].count == whole[index] && picked.count + whole[index] <= count {
            picked += cores[index]
            cores[index] = []
        }
        while picked.count < count {
            let sizes = cores.map(\.count)
            guard let core = bestFit(sizes, for: count - picked.count) else { break }
            let taken = cores[core].prefix(count - picked.count)
            picked += taken
            cores[core].removeFirst(taken.count)
        }
        return picked
    }
}
