import JobModel

extension SettingsKeys {
    static let years = TimeSpan.hours(24 * 3650)

    static let defaultsKeys: [ConfigKey<JobDefaults>] = [
        .init("image", ImageName.accepted, "The image of a job that names none") { value, defaults throws(DocumentError) in
            defaults.image = try value.parsed { ImageName.isValid($0) ? $0 : nil }
        },
        .integer("cores", \.cores, SpecBounds.cores, "Cores of a job that asks for neither cores nor cpu"),
        .bytes(
            "memory_per_core", \.memoryPerCore, SpecBounds.memory.lowerBound...Bytes(1 << 45),
            "Memory of a job that names none, for each core"),
        .bytes("swap", \.swap, SpecBounds.size, "Swap beyond the memory"),
        .integer("pids", \.pids, SpecBounds.pids, "The most processes and threads"),
        .bytes("scratch", \.scratch, SpecBounds.scratch, "The writable space of a job"),
        .optionalInteger("scratch_inodes", \.scratchInodes, SpecBounds.scratchInodes, "The most files in the scratch; without it no limit"),
        .time("time_limit", \.timeLimit, SpecBounds.timeLimit, "How long a job may run"),
        .bytes("log_limit", \.logLimit, SpecBounds.logLimit, "How much output the log keeps"),
        .time("grace_period", \.gracePeriod, SpecBounds.gracePeriod, "Between the stop signal and the kill"),
        .bytes("shm_size", \.sharedMemory, SpecBounds.size, "The size of /dev/shm, at most the job's memory"),
    ]

    static let reservedKeys: [ConfigKey<ReservedResources>] = [
        .optionalInteger("cores", \.cores, 0...8192, "Without it: none on machines with two cores, else one"),
        .optionalBytes("memory", \.memory, SpecBounds.size, "Without it: a sixteenth, from 128M to 2G"),
    ]

    static let retentionKeys: [ConfigKey<Retention>] = [
        .time("logs", \.logs, .zero...years, "Of the logs of finished attempts"),
        .time("events", \.events, .zero...years, "Of events"),
        .integer("event_count", \.eventCount, 1_000...1_000_000_000, "At most so many events, whatever their age"),
        .time("jobs", \.jobs, .zero...years, "Of finished jobs as berth show knows them"),
        .optionalTime("ledger", \.ledger, .hours(24)...years, "Of the ledger; without it for ever"),
        .optionalInteger("ledger_count", \.ledgerCount, 1_000...1_000_000_000, "At most so many runs in the ledger, whatever their age"),
    ]

    static let requestKeys: [ConfigKey<RequestLimits>] = [
        .bytes("size", \.size, .kibibytes(64)...Bytes.gibibytes(1), "Of a request's body other than an image"),
        .integer("connections", \.connections, 8...100_000, "Connections at once"),
        .integer("connections_per_user", \.connectionsPerUser, 4...100_000, "Of one user at once"),
        .time("idle", \.idle, .seconds(5)...TimeSpan.hours(24), "A client that neither reads nor writes for so long is dropped"),
    ]

    static let imageKeys: [ConfigKey<ImageLimits>] = [
        .bytes("size", \.size, .mebibytes(1)...Bytes(1 << 50), "Of an image, unpacked"),
        .integer("files", \.files, 1_000...100_000_000, "In an image"),
    ]
}

/// Keys of `maximum`, `per_user` and `per_batch`.
enum LimitKeys {
    static let perTask: [ConfigKey<ResourceLimits>] = [
        .optionalInteger("cores", \.coresPerTask, SpecBounds.cores, "Of one task"),
        .optionalBytes("memory", \.memoryPerTask, SpecBounds.memory, "Of one task"),
        .optionalBytes("scratch", \.scratchPerTask, SpecBounds.scratch, "Of one task"),
        .optionalInteger("pids", \.pidsPerTask, SpecBounds.pids, "Of one task"),
        .optionalBytes("huge_pages", \.hugePagesPerTask, SpecBounds.size, "Of one task, all sizes together"),
        .optionalTime("time_limit", \.timeLimit, SpecBounds.timeLimit, "Of one task"),
        .optionalBytes("log_limit", \.logLimitPerTask, SpecBounds.logLimit, "Of one task"),
    ]

    static let active: [ConfigKey<ResourceLimits>] = [
        .optionalInteger("active_tasks", \.activeTasks, 1...1_000_000, "Tasks active at once"),
        .optionalInteger("active_cores", \.activeCores, 1...1_000_000, "Cores of all active tasks"),
        .optionalBytes("active_memory", \.activeMemory, SpecBounds.memory.lowerBound...Bytes(1 << 60), "Memory of all active tasks"),
        .optionalInteger("pending_tasks", \.pendingTasks, 1...1_000_000_000, "Tasks that wait"),
        .optionalInteger("submits_per_second", \.submitsPerSecond, 1...1_000_000, "Submits in a second, on average; as many may come at once"),
    ]
}
