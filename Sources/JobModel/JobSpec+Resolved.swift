extension JobSpec {
    /// The spec with the defaults of the queue, then of the daemon, and what one task demands; refuses what exceeds a maximum, with the
    /// limit's name.
    ///
    /// A default never exceeds a maximum; only what was asked for is refused. Calls `validate()` before and after. Pure.
    public func resolved(
        queue: QueueDefinition, defaults: JobDefaults, site: SiteLimits = SiteLimits(), submitter: SubmitterRights = SubmitterRights()
    ) throws(SpecError) -> ResolvedSpec {
        try validate()
        try checkAccess(queue: queue, site: site, submitter: submitter)
        let bounds = TaskBounds(queue: queue, site: site.maximum)
        var spec = self
        spec.image = image ?? defaults.image
        spec.queue = queue.name
        spec.network = network ?? NetworkMode.none
        spec.resources.fill(queue: queue.defaults, defaults: defaults, bounds: bounds)
        let memory = spec.resources.memory ?? defaults.memoryPerCore
        spec.fillTimes(queue: queue, defaults: defaults, bounds: bounds)
        spec.logLimit = logLimit ?? bounds.clamp(defaults.logLimit, \.logLimitPerTask)
        spec.umask = umask ?? 0o022
        spec.sharedMemory = sharedMemory ?? min(defaults.sharedMemory, memory)
        spec.mounts = mounts?.map { mount in
            var filled = mount
            if mount.kind == .tmpfs { filled.size = mount.size ?? memory }
            return filled
        }
        if !submitter.isOperator { try bounds.check(spec) }
        try spec.validate()
        let timeLimit = spec.timeLimit ?? defaults.timeLimit
        return ResolvedSpec(spec: spec, demand: spec.resources.demand(memory: memory, defaults: defaults), timeLimit: timeLimit)
    }

    private mutating func fillTimes(queue: QueueDefinition, defaults: JobDefaults, bounds: TaskBounds) {
        if timeLimit == nil {
            // Without a limit of its own a job gets the most that the queue gives, at most the default.
            timeLimit = bounds.clamp(queue.defaultTimeLimit ?? defaults.timeLimit, \.timeLimit)
        }
        gracePeriod = gracePeriod ?? defaults.gracePeriod
    }

    /// What contract §8 leaves to operators or to members of groups.
    private func checkAccess(queue: QueueDefinition, site: SiteLimits, submitter: SubmitterRights) throws(SpecError) {
        try checkNamed(site)
        guard !submitter.isOperator else { return }
        let groups = Set(submitter.groups)
        if let allowed = queue.groups, groups.isDisjoint(with: allowed) {
            throw SpecError(field: "queue", found: "'\(queue.name)'", accepted: "a queue open to the groups of the submitter")
        }
        if let priority, priority > 0 {
            throw SpecError(field: "priority", found: "\(priority)", accepted: "0 or less; operators alone raise it")
        }
        if network == .host, groups.isDisjoint(with: site.hostNetworkGroups + queue.hostNetworkGroups) {
            throw SpecError(
                field: "network", found: "'host'", accepted: "none; host for groups that the configuration allows in queue '\(queue.name)'")
        }
        for (index, device) in (devices ?? []).enumerated() {
            let allowed = site.devices.first { $0.path == device.path }
            guard let allowed, Set(device.access).isSubset(of: allowed.access) else {
                let offered = site.devices.map { "\($0.path):\($0.access)" }.joined(separator: ", ")
                throw SpecError(
                    field: "devices[\(index)]", found: "'\(device.path):\(device.access)'",
                    accepted: offered.isEmpty ? "no device; the configuration offers none" : "one of \(offered)")
            }
        }
    }

    private func checkNamed(_ site: SiteLimits) throws(SpecError) {
        for (name, request) in (resources.named ?? [:]).sorted(by: { $0.key < $1.key }) {
            let field = "resources.named.\(name)"
            guard let resource = site.named.first(where: { $0.name == name }) else {
                let offered = site.named.map(\.name).joined(separator: ", ")
                throw SpecError(
                    field: field, found: "'\(name)'",
                    accepted: offered.isEmpty ? "no named resource; the configuration has none" : "one of \(offered)")
            }
            switch request {
            case .count(let count):
                if count > resource.instances.count {
                    throw SpecError(field: field, found: "\(count)", accepted: "at most \(resource.instances.count), which the machine has")
                }
            case .instances(let names):
                let known = resource.instances.map(\.name)
                if let unknown = names.first(where: { !known.contains($0) }) {
                    throw SpecError(field: field, found: "'\(unknown)'", accepted: "some of \(known.joined(separator: ", "))")
                }
            }
        }
    }
}

extension ResourceRequest {
    /// Fills what is absent; a default is cut to the maximum.
    fileprivate mutating func fill(queue: ResourceRequest, defaults: JobDefaults, bounds: TaskBounds) {
        if cores == nil, cpuMillis == nil {
            cpuMillis = queue.cpuMillis
            if cpuMillis == nil { cores = bounds.clamp(queue.cores ?? defaults.cores, \.coresPerTask) }
        }
        let units = UInt64(cores ?? ((cpuMillis ?? 1000) + 999) / 1000)
        let memoryDefault = queue.memory ?? Bytes(defaults.memoryPerCore.count * units)
        memory = memory ?? bounds.clamp(min(memoryDefault, SpecBounds.memory.upperBound), \.memoryPerTask)
        swap = swap ?? queue.swap ?? defaults.swap
        pids = pids ?? bounds.clamp(queue.pids ?? defaults.pids, \.pidsPerTask)
        io = io ?? queue.io
        hugePages = hugePages ?? queue.hugePages
        named = named ?? queue.named
        scratchKind = scratchKind ?? queue.scratchKind ?? .disk
        scratchInodes = scratchInodes ?? queue.scratchInodes ?? defaults.scratchInodes
        guard scratch == nil else { return }
        let wanted = bounds.clamp(queue.scratch ?? defaults.scratch, \.scratchPerTask)
        // A tmpfs is counted against the job's memory: half of it leaves room for the program.
        let half = Bytes(max((memory ?? .zero).count / 2, SpecBounds.scratch.lowerBound.count))
        scratch = scratchKind == .memory ? min(wanted, half) : wanted
    }

    fileprivate func demand(memory: Bytes, defaults: JobDefaults) -> ResourceDemand {
        ResourceDemand(
            cores: cores ?? 0, cpuMillis: cpuMillis ?? 0, memory: memory, swap: swap ?? defaults.swap, pids: pids ?? defaults.pids,
            scratch: scratch ?? defaults.scratch, scratchInodes: scratchInodes, scratchKind: scratchKind ?? .disk, named: named ?? [:],
            hugePages: hugePages?.filter { $0.bytes > .zero }.sorted { $0.size < $1.size })
    }
}

/// The bounds of one task: the queue's and the site's.
private struct TaskBounds {
    let queue: QueueDefinition
    let site: ResourceLimits

    func clamp<T: Comparable>(_ value: T, _ limit: KeyPath<ResourceLimits, T?>) -> T {
        [queue.maximum[keyPath: limit], site[keyPath: limit]].compactMap { $0 }.reduce(value) { min($0, $1) }
    }

    func check(_ spec: JobSpec) throws(SpecError) {
        let resources = spec.resources
        let cores = resources.cores ?? resources.cpuMillis.map { ($0 + 999) / 1000 }
        try check(cores, \.coresPerTask, resources.cores == nil ? "resources.cpuMillis" : "resources.cores", "cores")
        try check(resources.memory, \.memoryPerTask, "resources.memory", "memory")
        try check(resources.scratch, \.scratchPerTask, "resources.scratch", "scratch")
        try check(resources.pids, \.pidsPerTask, "resources.pids", "pids")
        let hugePages = resources.hugePages.map { $0.reduce(Bytes.zero) { $0 + $1.bytes } }
        try check(hugePages, \.hugePagesPerTask, "resources.hugePages", "huge_pages")
        try check(spec.timeLimit, \.timeLimit, "timeLimit", "time_limit")
        try check(spec.logLimit, \.logLimitPerTask, "logLimit", "log_limit")
    }

    private func check<T: Comparable>(
        _ value: T?, _ limit: KeyPath<ResourceLimits, T?>, _ field: String, _ name: String
    ) throws(SpecError) {
        guard let value else { return }
        if let most = queue.maximum[keyPath: limit], value > most {
            throw SpecError(
                field: field, found: "\(value)", accepted: "at most \(most), the limit maximum.\(name) of queue '\(queue.name)'")
        }
        if let most = site[keyPath: limit], value > most {
            throw SpecError(field: field, found: "\(value)", accepted: "at most \(most), the limit maximum.\(name) of every queue")
        }
    }
}
