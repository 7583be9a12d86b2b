extension JobSpec {
    func validateTimes() throws(SpecError) {
        try SpecCheck.range(timeLimit, SpecBounds.timeLimit, "timeLimit")
        try SpecCheck.range(gracePeriod, SpecBounds.gracePeriod, "gracePeriod")
        try SpecCheck.range(priority, SpecBounds.priority, "priority")
        if let begin, !SpecBounds.begin.contains(begin) {
            throw SpecCheck.refuse("begin", "\(begin.milliseconds) ms since 1970", "a moment from 1970 to the year 9999")
        }
        try SpecCheck.signal(stopSignal, "stopSignal")
        try validateMemorySignals()
        guard let warning else { return }
        try SpecCheck.signal(warning.signal, "warning.signal")
        try SpecCheck.range(warning.before, SpecBounds.timeLimit, "warning.before")
        if let timeLimit, warning.before >= timeLimit {
            throw SpecCheck.refuse("warning.before", "\(warning.before)", "less than the time limit of \(timeLimit)")
        }
    }

    private func validateMemorySignals() throws(SpecError) {
        let signals = memorySignals ?? []
        try SpecCheck.count(signals.count, atMost: SpecBounds.memorySignals, "memorySignals", "signals")
        for (index, signal) in signals.enumerated() {
            try SpecCheck.signal(signal.signal, "memorySignals[\(index)].signal")
            try SpecCheck.range(signal.percent, SpecBounds.memoryShare, "memorySignals[\(index)].percent")
        }
        try SpecCheck.unique(signals.map(\.percent), { "memorySignals[\($0)].percent" }) { "\($0)%" }
    }

    func validateLimits() throws(SpecError) {
        try SpecCheck.range(logLimit, SpecBounds.logLimit, "logLimit")
        try SpecCheck.range(sharedMemory, SpecBounds.size, "sharedMemory")
        if let sharedMemory, let memory = resources.memory, sharedMemory > memory {
            throw SpecCheck.refuse("sharedMemory", "\(sharedMemory)", "at most the job's memory of \(memory)")
        }
        if let umask, umask > 0o777 { throw SpecCheck.refuse("umask", "0\(String(umask, radix: 8))", "0 to 0777") }
        try validateResourceLimits()
        try validateSysctls()
        try validateCapabilities()
    }

    private func validateResourceLimits() throws(SpecError) {
        for (name, limit) in (rlimits ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard SpecBounds.rlimits.contains(name) else {
                throw SpecCheck.refuse("rlimits", "the name \(DocumentText.quoted(name))", SpecBounds.rlimits.joined(separator: ", "))
            }
            let soft = limit.soft ?? .max
            let hard = limit.hard ?? .max
            if soft > hard { throw SpecCheck.refuse("rlimits.\(name)", "a soft limit above the hard one", "soft at most hard") }
            if name == "nofile", hard > SpecBounds.openFiles {
                throw SpecCheck.refuse("rlimits.nofile", limit.hard.map(String.init) ?? "unlimited", "at most \(SpecBounds.openFiles)")
            }
        }
    }

    private func validateSysctls() throws(SpecError) {
        let sysctls = sysctls ?? [:]
        try SpecCheck.count(sysctls.count, atMost: SpecBounds.listLength, "sysctls", "keys")
        for (key, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            guard SysctlName.isValid(key, ownNetwork: network != .host) else {
                throw SpecCheck.refuse("sysctls", "the key \(DocumentText.quoted(key))", SysctlName.accepted)
            }
            // A line end would let one value carry further writes into a file of lines.
            guard !value.isEmpty, value.utf8.count <= 256, value.utf8.allSatisfy({ (0x20...0x7e).contains($0) || $0 == 9 }) else {
                throw SpecCheck.refuse("sysctls.\(key)", DocumentText.quoted(value), "1 to 256 printable ASCII characters on one line")
            }
        }
    }

    private func validateCapabilities() throws(SpecError) {
        let capabilities = capabilities ?? []
        for (index, capability) in capabilities.enumerated() where !SpecBounds.capabilities.contains(capability) {
            throw SpecCheck.refuse(
                "capabilities[\(index)]", DocumentText.quoted(capability), "one of " + SpecBounds.capabilities.joined(separator: ", "))
        }
        try SpecCheck.unique(capabilities, { "capabilities[\($0)]" }) { $0 }
    }
}

extension ResourceRequest {
    /// Checks ranges and relations; `path` is the field that holds the request.
    public func validate(_ path: String) throws(SpecError) {
        if cores != nil, cpuMillis != nil {
            throw SpecCheck.refuse("\(path).cpuMillis", "cores and cpu together", "cores (exclusive) or cpu (a quota on shared ones)")
        }
        try SpecCheck.range(cores, SpecBounds.cores, "\(path).cores")
        if let cpuMillis, !SpecBounds.cpuMillis.contains(cpuMillis) {
            throw SpecCheck.refuse("\(path).cpuMillis", "\(cpuMillis) thousandths of a CPU", "0.01 to 8192 CPUs")
        }
        try SpecCheck.range(memory, SpecBounds.memory, "\(path).memory")
        try SpecCheck.range(memorySoft, SpecBounds.softMemory, "\(path).memorySoft")
        if let memorySoft, let memory, memorySoft > memory {
            throw SpecCheck.refuse("\(path).memorySoft", "\(memorySoft)", "at most the job's memory of \(memory)")
        }
        try SpecCheck.range(swap, SpecBounds.size, "\(path).swap")
        try validateHugePages(path)
        try SpecCheck.range(ioWeight, SpecBounds.ioWeight, "\(path).ioWeight")
        try SpecCheck.range(pids, SpecBounds.pids, "\(path).pids")
        try SpecCheck.range(scratch, SpecBounds.scratch, "\(path).scratch")
        try SpecCheck.range(scratchInodes, SpecBounds.scratchInodes, "\(path).scratchInodes")
        if scratchKind == .memory, let scratch, let memory, scratch > memory {
            throw SpecCheck.refuse("\(path).scratch", "\(scratch) in memory", "at most the job's memory of \(memory)")
        }
        try validateNamed(path)
        try validateIO(path)
    }

    private func validateHugePages(_ path: String) throws(SpecError) {
        let asked = hugePages ?? []
        try SpecCheck.count(asked.count, atMost: SpecBounds.hugePageSizes, "\(path).hugePages", "sizes")
        for (index, pages) in asked.enumerated() {
            let field = "\(path).hugePages[\(index)]"
            guard SpecBounds.hugePage.contains(pages.size), pages.size.count.nonzeroBitCount == 1 else {
                throw SpecCheck.refuse("\(field).size", "\(pages.size)", "a size of huge pages, such as 2M or 1G")
            }
            guard pages.bytes <= SpecBounds.size.upperBound, pages.bytes.count % pages.size.count == 0 else {
                throw SpecCheck.refuse("\(field).bytes", "\(pages.bytes)", "a multiple of \(pages.size), at most \(SpecBounds.size.upperBound)")
            }
        }
        try SpecCheck.unique(asked.map(\.size), { "\(path).hugePages[\($0)].size" }) { "\($0)" }
    }

    private func validateNamed(_ path: String) throws(SpecError) {
        let named = named ?? [:]
        try SpecCheck.count(named.count, atMost: SpecBounds.listLength, "\(path).named", "resources")
        for (name, request) in named.sorted(by: { $0.key < $1.key }) {
            try SpecCheck.identifier(name, "\(path).named")
            let field = "\(path).named.\(name)"
            switch request {
            case .count(let count): try SpecCheck.range(count, SpecBounds.namedCount, field)
            case .instances(let names):
                try SpecCheck.range(names.count, SpecBounds.namedCount, field)
                for name in names { try SpecCheck.identifier(name, field) }
                try SpecCheck.unique(names, { _ in field }, DocumentText.quoted)
            }
        }
    }

    private func validateIO(_ path: String) throws(SpecError) {
        let io = io ?? []
        try SpecCheck.count(io.count, atMost: SpecBounds.listLength, "\(path).io", "limits")
        for (index, limit) in io.enumerated() {
            let field = "\(path).io[\(index)]"
            try SpecCheck.path(limit.path, "\(field).path", root: true)
            try SpecCheck.range(limit.readBytesPerSecond, SpecBounds.ioBytes, "\(field).readBytesPerSecond")
            try SpecCheck.range(limit.writeBytesPerSecond, SpecBounds.ioBytes, "\(field).writeBytesPerSecond")
            try SpecCheck.range(limit.readOperationsPerSecond, SpecBounds.ioOperations, "\(field).readOperationsPerSecond")
            try SpecCheck.range(limit.writeOperationsPerSecond, SpecBounds.ioOperations, "\(field).writeOperationsPerSecond")
            let rates = [
                limit.readBytesPerSecond, limit.writeBytesPerSecond, limit.readOperationsPerSecond, limit.writeOperationsPerSecond,
            ]
            if rates.allSatisfy({ $0 == nil }) {
                throw SpecCheck.refuse(field, "no rate", "at least one of read, write, read_ops and write_ops")
            }
        }
        try SpecCheck.unique(io.map(\.path), { "\(path).io[\($0)].path" }) { $0 ?? "the disk of the scratch" }
    }
}
