import JobModel

/// Every key at the top of `berthd.yaml`.
enum SettingsKeys {
    static let all: [ConfigKey<Settings>] = places + policy + upkeep

    private static let places: [ConfigKey<Settings>] = [
        .init("state_directory", Accepted.path, "Database, slots, logs and scratch") { value, settings throws(DocumentError) in
            settings.stateDirectory = try value.directory()
        },
        .init("run_directory", Accepted.path, "On tmpfs: run directories of attempts, leases, the lock") {
            value, settings throws(DocumentError) in
            settings.runDirectory = try value.directory()
        },
        .init("socket", Accepted.path + ", at most 107 bytes", "The API's socket") { value, settings throws(DocumentError) in
            settings.socket = try value.directory()
            // sun_path of unix(7).
            if settings.socket.utf8.count > 107 { throw value.refused() }
        },
        .init("image_directory", Accepted.path, "The content store of images") { value, settings throws(DocumentError) in
            settings.imageDirectory = try value.directory()
        },
        .init("program_directory", Accepted.path, "Where berth-init, berth-helper and the profiles lie") {
            value, settings throws(DocumentError) in
            settings.programDirectory = try value.directory()
        },
        .init("cgroup_parent", "a name, or names parted by slashes", "The group below which all groups of jobs lie") {
            value, settings throws(DocumentError) in
            settings.cgroupParent = try value.parsed { text in
                text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isName(String($0)) } ? text : nil
            }
        },
        .init("operators_group", "the name of a group", "Its members are operators") { value, settings throws(DocumentError) in
            settings.operatorsGroup = try value.text()
        },
        .init("inspect_by_operators", "true or false", "Whether they may look into the processes and the memory of others' jobs") {
            value, settings throws(DocumentError) in
            settings.inspectByOperators = try value.parsed { ["true": true, "false": false][$0] }
        },
        .init("log_level", LogLevel.allCases.map(\.rawValue).joined(separator: ", "), "How much berthd writes to its own log") {
            value, settings throws(DocumentError) in
            settings.logLevel = try value.parsed { LogLevel(rawValue: $0.lowercased()) }
        },
        .init("log_format", LogFormat.allCases.map(\.rawValue).joined(separator: ", "), "Lines for people, or one JSON object a line") {
            value, settings throws(DocumentError) in
            settings.logFormat = try value.parsed { LogFormat(rawValue: $0.lowercased()) }
        },
        .init("metrics_listen", "ADDRESS:PORT, such as 127.0.0.1:9754 or [::1]:9754", "Where /metrics is served on TCP, for Prometheus") {
            value, settings throws(DocumentError) in
            settings.metricsListen = try value.parsed(ListenAddress.init(text:))
        },
    ]

    private static let policy: [ConfigKey<Settings>] = [
        .section("defaults", \.defaults, defaultsKeys, "What stands in for absent fields of a job"),
        .section("reserved", \.reserved, reservedKeys, "Cores and memory kept back for the system"),
        .section("maximum", \.maximum, LimitKeys.perTask, "Bounds of every task, whatever its queue"),
        .section("per_user", \.perUser, LimitKeys.active, "Bounds of what one user has active and waiting"),
        .section("per_batch", \.perBatch, LimitKeys.active, "Bounds of what one batch has active and waiting"),
        .init("queues", "a map of queues by name", "The queues; one named default is always there") {
            value, settings throws(DocumentError) in
            settings.queues = try QueueReader.read(value)
        },
        .init("resources", "a map of resources by name", "Named, counted resources: GPUs, licences") {
            value, settings throws(DocumentError) in
            settings.resources = try ResourceReader.read(value)
        },
        .init("devices", "/dev/NAME[:ACCESS] with any of r, w and m", "Devices that everybody may ask for") {
            value, settings throws(DocumentError) in
            settings.devices = try ResourceReader.devices(value)
        },
        .groups("host_network_groups", \.hostNetworkGroups, "Groups whose members may use the machine's network in every queue"),
        .init("slots", "FIRST-LAST, whole slots of 65536 ids between 65536 and 4294836223", "The ids that users' slots are cut from") {
            value, settings throws(DocumentError) in
            settings.slots = try value.parsed(SlotRange.init(text:))
        },
    ]

    private static let upkeep: [ConfigKey<Settings>] = [
        .section("retention", \.retention, retentionKeys, "How long things are kept"),
        .integer("simultaneous_starts", \.simultaneousStarts, 1...1024, "Starts under way at once"),
        .integer(
            "spare_containers", \.spareContainers, 0...1024,
            "Containers made ahead for each of the users whose jobs started last, and as many for others"),
        .section("requests", \.requests, requestKeys, "Bounds that keep one client from holding up others"),
        .section("images", \.images, imageKeys, "Bounds of an image import"),
        .bytes(
            "disk_reserve", \.diskReserve, .zero...Bytes(1 << 40),
            "Of the state directory's disk, for the database alone, at most a sixteenth; 0 for none"),
        .init("memory_thresholds", "up to 8 ascending percentages from 1 to 99", "Shares of the memory limit at which an event is given") {
            value, settings throws(DocumentError) in
            var shares: [Int] = []
            for item in try value.items() { shares.append(try item.integer(in: 1...99)) }
            guard shares.count <= 8, zip(shares, shares.dropFirst()).allSatisfy({ $0 < $1 }) else { throw value.refused() }
            settings.memoryThresholds = shares
        },
        .time(
            "freeze_timeout", \.freezeTimeout, .seconds(1)...TimeSpan.minutes(10), "After that a job that does not freeze is thawed again"),
        .time(
            "start_timeout", \.startTimeout, .seconds(1)...TimeSpan.hours(24), "After that a start whose paths do not open has failed"),
    ]

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        func plain(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
        return plain(first) && text.utf8.allSatisfy { plain($0) || [45, 46, 95].contains($0) }
    }
}
