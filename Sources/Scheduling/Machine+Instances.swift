import JobModel

extension Machine {
    /// What a demand amounts to; nil when it names a resource or an instance that this machine does not have.
    func vector(_ demand: ResourceDemand) -> ResourceVector? {
        var result = nothing
        // A demand with neither is refused; one that slipped through counts as a core.
        result.cpu = demand.cores > 0 ? Int64(demand.cores) * 1000 : Int64(demand.cpuMillis)
        result.memory = Int64(capped: demand.memory.count)
        // A tmpfs counts as memory of the job.
        result.scratch = demand.scratchKind == .disk ? Int64(capped: demand.scratch.count) : 0
        for pages in demand.hugePages ?? [] {
            guard let size = hugeSizes.firstIndex(of: pages.size) else { return nil }
            result.huge[size] = Int64(capped: pages.bytes.count)
        }
        for (name, request) in demand.named where request.count != 0 {
            guard let resource = named.firstIndex(where: { $0.name == name }) else { return nil }
            if case .instances(let names) = request, chosen(names, of: resource) == nil { return nil }
            result.named[resource] = Int64(request.count)
        }
        return result
    }

    /// Positions of the named instances; nil when one is unknown or named twice.
    func chosen(_ names: [String], of resource: Int) -> [Int]? {
        let positions = names.compactMap { name in named[resource].instances.firstIndex { $0.name == name } }
        return positions.count == names.count && Set(positions).count == names.count ? positions : nil
    }

    /// The instances that a demand chooses by name, by position of the resource.
    func chosenInstances(_ demand: ResourceDemand) -> [Set<Int>] {
        named.indices.map { resource in
            guard case .instances(let names)? = demand.named[named[resource].name] else { return [] }
            return Set(chosen(names, of: resource) ?? [])
        }
    }

    /// Positions of the instances in a placement; unknown ones are left out.
    func positions(_ placement: Placement) -> [[Int]] {
        named.map { resource in
            (placement.named[resource.name] ?? []).compactMap { name in resource.instances.firstIndex { $0.name == name } }
        }
    }

    /// Free instances for a demand, the lowest first, those of one memory node together where that is enough.
    func pickInstances(_ demand: ResourceDemand, keeping kept: Kept) -> [[Int]]? {
        var result: [[Int]] = named.map { _ in [] }
        for resource in named.indices {
            guard let request = demand.named[named[resource].name], request.count != 0 else { continue }
            let reserved = resource < kept.instances.count ? kept.instances[resource] : []
            func open(_ instance: Int) -> Bool { instancesFree[resource][instance] && !reserved.contains(instance) }
            switch request {
            case .instances(let names):
                guard let positions = chosen(names, of: resource), positions.allSatisfy(open) else { return nil }
                result[resource] = positions
            case .count(let count):
                let candidates = instancesFree[resource].indices.filter(open)
                guard count > 0, candidates.count >= count else { return nil }
                result[resource] = Array(together(candidates, of: resource, count: count).prefix(count))
            }
        }
        return result
    }

    private func together(_ candidates: [Int], of resource: Int, count: Int) -> [Int] {
        let byNode = Dictionary(grouping: candidates) { named[resource].instances[$0].memoryNode ?? -1 }
        let enough = byNode.filter { $0.key >= 0 && $0.value.count >= count }
        return enough.min { ($0.value.count, $0.key) < ($1.value.count, $1.key) }?.value ?? candidates
    }

    /// Positions of the nodes that the picked instances sit on.
    func preferredNodes(_ instances: [[Int]]) -> [Int] {
        var result: [Int] = []
        for (resource, list) in instances.enumerated() {
            for instance in list {
                guard let id = named[resource].instances[instance].memoryNode, let node = nodes.firstIndex(where: { $0.id == id }) else {
                    continue
                }
                result.append(node)
            }
        }
        return result
    }
}
