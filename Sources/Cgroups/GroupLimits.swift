public import JobModel
public import LinuxSys

/// What an attempt may use. A nil field sets no limit of its own and leaves a live group's as it is.
public struct GroupLimits: Sendable, Hashable {
    /// Logical cpus; always given together with `memoryNodes`.
    public var cpus: CpuSet?
    /// Memory nodes.
    public var memoryNodes: MemoryNodeSet?
    /// Cpu time per period.
    public var cpuQuota: CpuQuota?
    /// Share of contended cpu time, 1 to 10,000, 100 being the usual.
    public var cpuWeight: UInt64?
    /// Memory, page cache and kernel memory included.
    public var memory: Bytes?
    /// What is left to it when the machine's memory is short.
    public var memorySoft: Bytes?
    /// Swap beyond `memory`; 0 for none.
    public var swap: Bytes?
    /// Processes and threads, PID 1 included.
    public var pids: UInt64?
    /// Huge pages by size; of sizes that are not named none.
    public var hugePages: [HugePages]?
    /// Share of contended disks, 1 to 10,000, 100 being the usual.
    public var ioWeight: UInt64?
    /// Throttles by disk.
    public var io: [IOThrottle]
    /// The only devices that can be opened or made, on v1; nil leaves devices alone. v2 has no such file: nodes and `nodev` stand for it.
    public var devices: [DeviceRule]?

    /// No limits.
    public init() { io = [] }
}

/// Cpu time per period (cfs bandwidth).
public struct CpuQuota: Sendable, Hashable {
    /// Time that all threads together may run in a period, µs, at least 1,000; nil is without limit.
    public var quotaMicroseconds: UInt64?
    /// The period, µs, 1,000 to 1,000,000.
    public var periodMicroseconds: UInt64

    /// A quota; the period is the kernel's usual 100 ms.
    public init(quotaMicroseconds: UInt64?, periodMicroseconds: UInt64 = 100_000) {
        self.quotaMicroseconds = quotaMicroseconds
        self.periodMicroseconds = periodMicroseconds
    }

    /// A quota of so many cpus' time: 1.5 is 150 ms each 100 ms.
    public init(cpus: Double) { self.init(quotaMicroseconds: UInt64((cpus * 100_000).rounded())) }
}

/// What may go to and from one disk in a second; nil is without limit.
public struct IOThrottle: Sendable, Hashable {
    /// The disk, as `IODevices` finds it.
    public var device: DeviceNumber
    /// Bytes read.
    public var readBytesPerSecond: UInt64?
    /// Bytes written.
    public var writeBytesPerSecond: UInt64?
    /// Read operations.
    public var readOperationsPerSecond: UInt64?
    /// Write operations.
    public var writeOperationsPerSecond: UInt64?

    /// A throttle on one disk.
    public init(
        device: DeviceNumber, readBytesPerSecond: UInt64? = nil, writeBytesPerSecond: UInt64? = nil,
        readOperationsPerSecond: UInt64? = nil, writeOperationsPerSecond: UInt64? = nil
    ) {
        self.device = device
        self.readBytesPerSecond = readBytesPerSecond
        self.writeBytesPerSecond = writeBytesPerSecond
        self.readOperationsPerSecond = readOperationsPerSecond
        self.writeOperationsPerSecond = writeOperationsPerSecond
    }
}

/// Devices that an allow list lets through (v1's `devices.allow`).
public struct DeviceRule: Sendable, Hashable, CustomStringConvertible {
    /// Block device instead of character device.
    public var isBlock: Bool
    /// The driver's number; nil is any.
    public var major: UInt32?
    /// The device's number; nil is any.
    public var minor: UInt32?
    /// Opening for reading.
    public var read: Bool
    /// Opening for writing.
    public var write: Bool
    /// Making nodes.
    public var make: Bool

    /// A rule.
    public init(isBlock: Bool = false, major: UInt32?, minor: UInt32?, read: Bool = true, write: Bool = true, make: Bool = false) {
        self.isBlock = isBlock
        self.major = major
        self.minor = minor
        self.read = read
        self.write = write
        self.make = make
    }

    /// The kernel's line: `c 1:3 rwm`.
    public var description: String {
        func text(_ number: UInt32?) -> String { number.map(String.init) ?? "*" }
        return "\(isBlock ? "b" : "c") \(text(major)):\(text(minor)) \(read ? "r" : "")\(write ? "w" : "")\(make ? "m" : "")"
    }

    /// What every container needs: null, zero, full, random, urandom, tty, ptmx and the pseudo-terminals; and making any node, which
    /// without the right to open it does nothing.
    public static let containerDefault: [DeviceRule] = [
        DeviceRule(isBlock: false, major: nil, minor: nil, read: false, write: false, make: true),
        DeviceRule(isBlock: true, major: nil, minor: nil, read: false, write: false, make: true),
        DeviceRule(major: 1, minor: 3), DeviceRule(major: 1, minor: 5), DeviceRule(major: 1, minor: 7), DeviceRule(major: 1, minor: 8),
        DeviceRule(major: 1, minor: 9), DeviceRule(major: 5, minor: 0), DeviceRule(major: 5, minor: 2), DeviceRule(major: 136, minor: nil),
    ]
}
