public import JobModel

/// What `berthd.yaml` says; every field has a default, so that an empty file is a working one.
public struct Settings: Hashable, Sendable {
    /// Where the file lies that was read; no bind may touch it (contract §8). Not a key.
    public var configurationDirectory = "/etc/berth"
    /// Database, slots, logs, scratch.
    public var stateDirectory = "/var/lib/berth"
    /// On tmpfs: run directories, leases, the lock.
    public var runDirectory = "/run/berth"
    public var socket = "/run/berth/berthd.sock"
    /// The content store of images; on one file system with the state directory where that can be.
    public var imageDirectory = "/var/lib/berth/images"
    /// Where `berth-init`, `berth-helper` and the profiles lie; nil: beside `berthd`, then below its prefix.
    public var programDirectory: String?
    /// The group below which all groups of jobs lie; nil: named by the daemon.
    public var cgroupParent: String?
    /// Members are operators: contract §8.
    public var operatorsGroup = "berth"
    /// They may also inspect others' jobs.
    public var inspectByOperators = false
    public var defaults = JobDefaults()
    public var reserved = ReservedResources()
    /// Bounds of every task, whatever its queue. Logs lie beside the database, which one job must not crowd out.
    public var maximum = ResourceLimits(logLimitPerTask: .gibibytes(1))
    /// Bounds of what one user has active and waiting.
    public var perUser = ResourceLimits()
    /// Bounds of what one batch has active and waiting.
    public var perBatch = ResourceLimits()
    /// Never empty: `default` is always there.
    public var queues = [QueueDefinition(name: "default")]
    public var resources: [NamedResource] = []
    /// Devices that everybody may ask for.
    public var devices: [DeviceRequest] = []
    public var hostNetworkGroups: [String] = []
    public var slots = SlotRange()
    public var retention = Retention()
    /// Starts under way at once.
    public var simultaneousStarts = 4
    public var spareContainers = 2
    public var requests = RequestLimits()
    public var images = ImageLimits()
    /// Of the state file system, for the database alone; and as much has to be free for anything to start.
    public var diskReserve = Bytes.mebibytes(256)
    /// Shares of the memory limit, in percent, at which an event is given.
    public var memoryThresholds = [80, 95]
    /// After that a group that does not freeze is thawed again.
    public var freezeTimeout = TimeSpan.seconds(10)
    public var startTimeout = TimeSpan.minutes(10)
    public var logLevel = LogLevel.info
    public var logFormat = LogFormat.text
    /// Where on TCP `/metrics` is served; nil: on the API's socket alone.
    public var metricsListen: ListenAddress?

    public init() {}

    /// What `JobSpec.resolved` wants to know beside the queue.
    public var site: SiteLimits {
        SiteLimits(maximum: maximum, named: resources, devices: devices, hostNetworkGroups: hostNetworkGroups)
    }
}

/// Cores and memory kept back for the system.
public struct ReservedResources: Hashable, Sendable {
    /// Nil: none on machines with at most two cores, else one.
    public var cores: Int?
    /// Nil: a sixteenth of the memory, at least 128 MiB, at most 2 GiB.
    public var memory: Bytes?
    public init() {}

    public func cores(of total: Int) -> Int { min(cores ?? (total <= 2 ? 0 : 1), max(0, total - 1)) }
    public func memory(of total: Bytes) -> Bytes {
        memory ?? min(max(Bytes(total.count / 16), .mebibytes(128)), .gibibytes(2))
    }
}

/// The ids that users' slots are cut from: contract §7.
public struct SlotRange: Hashable, Sendable {
    /// Ids in one slot.
    public static let size: UInt32 = 65536
    /// A multiple of `size`.
    public var first: UInt32 = 1_879_048_192
    /// Inclusive; one less than a multiple of `size`.
    public var last: UInt32 = 2_147_352_575
    public init() {}

    public var count: Int { Int((UInt64(last) + 1 - UInt64(first)) / UInt64(Self.size)) }
}

/// Bounds that keep one client from holding up others.
public struct RequestLimits: Hashable, Sendable {
    /// Of a request's body other than an image.
    public var size = Bytes.mebibytes(32)
    public var connections = 1024
    /// Of one user at once.
    public var connectionsPerUser = 128
    /// A client that neither reads nor writes for so long is dropped.
    public var idle = TimeSpan.seconds(60)
    public init() {}
}

/// Bounds of an image import.
public struct ImageLimits: Hashable, Sendable {
    /// Unpacked.
    public var size = Bytes.gibibytes(20)
    public var files = 2_000_000
    public init() {}
}

/// How the daemon writes its own log: lines for people, or one JSON object a line.
public enum LogFormat: String, Hashable, Sendable, CaseIterable { case text, json }

/// A numeric address and a port.
public struct ListenAddress: Hashable, Sendable {
    public var host: String
    public var port: Int

    /// `127.0.0.1:9754` or `[::1]:9754`.
    public init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        let accepted = isBracketed ? "0123456789abcdefABCDEF:." : "0123456789."
        guard !host.isEmpty, host.allSatisfy(accepted.contains), isBracketed == host.contains(":") else { return nil }
        if !isBracketed {
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else { return nil }
        }
        self.host = String(host)
        self.port = port
    }
}

/// How much the daemon writes to its own log.
public enum LogLevel: String, Hashable, Sendable, CaseIterable { case debug, info, notice, warning, error }
