import JobModel

extension Machine {
    /// Why a demand can never be met here, however long it waits.
    func refusal(of demand: ResourceDemand) -> PendingReason? {
        func impossible(_ text: String, _ field: String? = nil) -> PendingReason {
            PendingReason(.impossible, text, field: field.map { "resources." + $0 })
        }
        guard (demand.cores > 0) != (demand.cpuMillis > 0), demand.cores >= 0, demand.cpuMillis >= 0 else {
            return impossible(
                "needs either whole cores or a share of the pool, asks for \(Self.cores(demand.cores * 1000)) and \(Self.cpus(demand.cpuMillis)) cpu")
        }
        if demand.cores > usable.count {
            return impossible("needs \(Self.cores(demand.cores * 1000)), this machine gives jobs \(usable.count)", "cores")
        }
        if Int64(demand.cpuMillis) > total.cpu {
            return impossible("needs \(Self.cpus(demand.cpuMillis)) cpu, this machine gives jobs \(usable.count)", "cpuMillis")
        }
        if let reason = hugePageRefusal(of: demand) { return impossible(reason, "hugePages") }
        if let reason = namedRefusal(of: demand) { return impossible(reason, "named") }
        guard let need = vector(demand) else { return impossible("needs a named resource that this machine does not have") }
        if need.memory > total.memory {
            return impossible("needs \(demand.memory) of memory, this machine gives jobs \(Self.bytes(total.memory))", "memory")
        }
        if need.scratch > total.scratch {
            return impossible("needs \(demand.scratch) of scratch, this machine gives jobs \(Self.bytes(total.scratch))", "scratch")
        }
        return nil
    }

    private func hugePageRefusal(of demand: ResourceDemand) -> String? {
        for pages in demand.hugePages ?? [] {
            let all = hugeSizes.firstIndex(of: pages.size).map { UInt64(total.huge[$0]) } ?? 0
            if pages.bytes.count > all {
                return "needs \(pages.pages) huge pages of \(pages.size), this machine has \(all == 0 ? "none" : "\(all / pages.size.count)")"
            }
        }
        return nil
    }

    private func namedRefusal(of demand: ResourceDemand) -> String? {
        for (name, request) in demand.named.sorted(by: { $0.key < $1.key }) {
            guard let resource = named.firstIndex(where: { $0.name == name }) else {
                let known = named.map(\.name).sorted().joined(separator: ", ")
                return "needs \(name), this machine has \(known.isEmpty ? "no named resources" : "only \(known)")"
            }
            if request.count < 0 { return "needs \(request.count) \(name), accepted is 0 or more" }
            if request.count > named[resource].instances.count {
                return "needs \(request.count) \(name), this machine has \(named[resource].instances.count)"
            }
            if case .instances(let names) = request, chosen(names, of: resource) == nil {
                let all = named[resource].instances.map(\.name).joined(separator: ", ")
                return "needs \(name) \(names.joined(separator: ", ")), this machine has \(all)"
            }
        }
        return nil
    }

    /// Thousandths as people write them: `1.5`.
    static func cpus(_ millis: some BinaryInteger) -> String {
        let millis = Int(millis)
        guard millis % 1000 != 0 else { return "\(millis / 1000)" }
        var decimals = String(1000 + abs(millis % 1000)).dropFirst()
        while decimals.hasSuffix("0") { decimals.removeLast() }
        return "\(millis / 1000).\(decimals)"
    }

    /// Thousandths of cores with their noun: `1 core`, `1.5 cores`.
    static func cores(_ millis: some BinaryInteger) -> String { "\(cpus(millis)) \(millis == 1000 ? "core" : "cores")" }

    static func bytes(_ count: Int64) -> Bytes { Bytes(UInt64(max(0, count))) }
}
