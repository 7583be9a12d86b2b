import JobModel

extension Machine {
    /// A proposed grant: what is committed and what is booked for it.
    struct Grant: Sendable {
        var placement: Placement
        var holding: Holding
    }

    /// What must stay untouched for the sake of a reservation.
    struct Kept: Sendable {
        var cpus = CpuSet()
        /// Positions of instances by position of the resource; empty: none.
        var instances: [Set<Int>] = []
    }

    /// Cores and memory on one node where both fit, else on the nearest set of nodes; nil only when CPUs or instances are short.
    func place(_ demand: ResourceDemand, need: ResourceVector, keeping kept: Kept = Kept()) -> Grant? {
        guard need.fits(in: free), let instances = pickInstances(demand, keeping: kept) else { return nil }
        let available = freeCpus.subtracting(kept.cpus)
        guard demand.cores <= available.count else { return nil }
        let wanted = preferredNodes(instances)
        let order = nodeOrder(cores: demand.cores, memory: need.memory, huge: need.huge, available: available, preferred: wanted)
        var holding = noHolding
        holding.millis = Int64(demand.cpuMillis)
        holding.scratch = need.scratch
        holding.instances = instances
        holding.cpus = pickCpus(demand.cores, along: order, from: available)
        guard holding.cpus.count == demand.cores else { return nil }
        holding.memory = shares(of: need.memory, along: order)
        holding.huge = hugeShares(of: need.huge, along: order)
        return Grant(placement: placement(holding, order: order, shared: demand.cores == 0), holding: holding)
    }

    /// Cores for an attempt that already has its memory: on the same nodes, the nearest to it.
    func placeCores(_ count: Int, within allowed: CpuSet, near memory: MemoryNodeSet, keeping kept: Kept = Kept()) -> CpuSet? {
        let available = freeCpus.intersection(allowed).subtracting(kept.cpus)
        guard count <= available.count, Int64(count) * 1000 <= free.cpu else { return nil }
        let first = nodes.indices.first { memory.contains(nodes[$0].id) } ?? 0
        let order = nodes.isEmpty ? [] : nodeOrder(cores: count, memory: 0, huge: nothing.huge, available: available, preferred: [first])
        return pickCpus(count, along: order, from: available)
    }

    private func pickCpus(_ count: Int, along order: [Int], from available: CpuSet) -> CpuSet {
        var picked = CpuSet()
        for node in order where picked.count < count {
            picked = picked.union(pick(count - picked.count, on: node, from: available))
        }
        return picked
    }

    /// Greedy along the order, the nodes of the cores first.
    func shares(of memory: Int64, along order: [Int]) -> [Int64] { shares(of: memory, free: memoryFree, along: order) }

    /// The same of each size of huge pages, which are whole on each node.
    func hugeShares(of amounts: [Int64], along order: [Int]) -> [[Int64]] {
        let bySize = amounts.enumerated().map { size, amount in shares(of: amount, free: hugeFree.map { $0[size] }, along: order) }
        return nodes.indices.map { node in bySize.map { $0[node] } }
    }

    private func shares(of amount: Int64, free: [Int64], along order: [Int]) -> [Int64] {
        var result = nodes.map { _ in Int64(0) }
        var rest = amount
        for node in order where rest > 0 {
            let share = min(rest, max(0, free[node]))
            result[node] = share
            rest -= share
        }
        // Only for attempts found at restart: what fits nowhere is booked on the first node, so that the sum stays true.
        if rest > 0, let first = order.first ?? nodes.indices.first { result[first] += rest }
        return result
    }

    private func placement(_ holding: Holding, order: [Int], shared: Bool) -> Placement {
        var memoryNodes = MemoryNodeSet()
        for node in order {
            let isOwn = holding.memory[node] > 0 || !nodes[node].cpus.isDisjoint(with: holding.cpus)
            if nodes[node].memory > 0 && isOwn || holding.huge[node].contains(where: { $0 > 0 }) { memoryNodes.insert(nodes[node].id) }
        }
        if memoryNodes.isEmpty, let nearest = order.first.flatMap({ nodes[$0].near.first { nodes[$0].memory > 0 } }) {
            memoryNodes.insert(nodes[nearest].id)
        }
        var instances: [String: [String]] = [:]
        for (resource, list) in holding.instances.enumerated() where !list.isEmpty {
            instances[named[resource].name] = list.map { named[resource].instances[$0].name }
        }
        return Placement(cpus: shared ? freeCpus : holding.cpus, memoryNodes: memoryNodes, shared: shared, named: instances)
    }

    /// The nodes to use, nearest first: one that has all, else the seed whose set is the smallest and nearest.
    private func nodeOrder(cores: Int, memory: Int64, huge: [Int64], available: CpuSet, preferred: [Int]) -> [Int] {
        let cpus = nodes.map { $0.cpus.intersection(available).count }
        let single = nodes.indices.filter { node in
            cpus[node] >= cores && max(0, memoryFree[node]) >= memory && huge.indices.allSatisfy { max(0, hugeFree[node][$0]) >= huge[$0] }
        }
        func rank(_ node: Int) -> (Int, Int, Int) { (preferred.contains(node) ? 0 : 1, cores == 0 ? 0 : cpus[node], node) }
        if let node = single.min(by: { rank($0) < rank($1) }) { return [node] + nodes[node].near.dropFirst() }
        var best: (cost: (Int, Int, Int), order: [Int])?
        for seed in nodes.indices {
            let (used, distance) = spread(from: seed, cores: cores, memory: memory, huge: huge, cpus: cpus)
            let cost = (used.count, distance, preferred.contains(seed) ? 0 : 1)
            if best.map({ cost < $0.cost }) ?? true { best = (cost, used) }
        }
        return best?.order ?? []
    }

    private func spread(from seed: Int, cores: Int, memory: Int64, huge: [Int64], cpus: [Int]) -> ([Int], Int) {
        var used: [Int] = []
        var distance = 0
        var cores = cores
        var memory = memory
        var huge = huge
        for node in nodes[seed].near {
            let gives = (min(cores, cpus[node]), min(memory, max(0, memoryFree[node])))
            let pages = huge.indices.map { min(huge[$0], max(0, hugeFree[node][$0])) }
            guard gives.0 > 0 || gives.1 > 0 || pages.contains(where: { $0 > 0 }) else { continue }
            cores -= gives.0
            memory -= gives.1
            for (size, bytes) in pages.enumerated() { huge[size] -= bytes }
            used.append(node)
            distance += nodes[seed].distances[node]
        }
        return (used, distance)
    }
}
