public import LinuxSys
internal import Synchronization

/// Throttles and counters of block devices (cgroup-v1/blkio-controller.rst; cgroup-v2.rst, "IO").
enum BlockIO {
    static func apply(_ throttle: IOThrottle, to group: GroupDirectory) throws(CgroupError) {
        switch group.version {
        case .v2: try applyUnified(throttle, to: group)
        case .v1: try applyLegacy(throttle, to: group)
        }
    }

    private static func values(_ throttle: IOThrottle) -> [(key: String, file: String, value: UInt64?)] {
        [
            ("rbps", "blkio.throttle.read_bps_device", throttle.readBytesPerSecond),
            ("wbps", "blkio.throttle.write_bps_device", throttle.writeBytesPerSecond),
            ("riops", "blkio.throttle.read_iops_device", throttle.readOperationsPerSecond),
            ("wiops", "blkio.throttle.write_iops_device", throttle.writeOperationsPerSecond),
        ]
    }

    private static func applyUnified(_ throttle: IOThrottle, to group: GroupDirectory) throws(CgroupError) {
        let wanted = values(throttle).map { "\($0.key)=\($0.value.map(String.init) ?? "max")" }
        let isUnlimited = values(throttle).allSatisfy { $0.value == nil }
        try group.set("io.max", "\(throttle.device) " + wanted.joined(separator: " ")) { found in
            // A device without any limit has no line.
            guard let line = line(of: throttle.device, in: found) else { return isUnlimited }
            return Set(line.split(separator: " ").map(String.init)).isSuperset(of: wanted)
        }
    }

    private static func applyLegacy(_ throttle: IOThrottle, to group: GroupDirectory) throws(CgroupError) {
        for (_, file, value) in values(throttle) {
            // 0 takes a limit away; the device then has no line.
            let text = "\(throttle.device) \(value ?? 0)"
            if value == nil, line(of: throttle.device, in: try group.read(file)) == nil { continue }
            try group.set(file, text) { found in line(of: throttle.device, in: found).map { $0 == text } ?? (value == nil) }
        }
    }

    private static func line(of device: DeviceNumber, in text: String) -> String? {
        text.split(whereSeparator: \.isNewline).map(String.init).first { $0.hasPrefix("\(device) ") }
    }

    /// Bytes and operations by device; nil where nothing is counted.
    static func counters(of group: GroupDirectory) -> [DeviceNumber: IOCounters]? {
        switch group.version {
        case .v2:
            guard let text = group.readIfPresent("io.stat") else { return nil }
            return parseUnified(text)
        case .v1:
            guard let bytes = legacyCounter("io_service_bytes", of: group), let operations = legacyCounter("io_serviced", of: group) else {
                return nil
            }
            return parseLegacy(bytes: bytes, operations: operations)
        }
    }

    /// The counter with the groups below where the kernel has it; an attempt has none, the parent has.
    private static func legacyCounter(_ name: String, of group: GroupDirectory) -> String? {
        group.readIfPresent("blkio.throttle.\(name)_recursive") ?? group.readIfPresent("blkio.throttle.\(name)")
    }

    /// Lines `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`.
    static func parseUnified(_ text: String) -> [DeviceNumber: IOCounters] {
        var found: [DeviceNumber: IOCounters] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: " ")
            guard let device = parts.first.flatMap({ DeviceNumber(text: String($0)) }) else { continue }
            var counters = IOCounters()
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=")
                guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
                switch pair[0] {
                case "rbytes": counters.readBytes = value
                case "wbytes": counters.writtenBytes = value
                case "rios": counters.readOperations = value
                case "wios": counters.writeOperations = value
                default: break
                }
            }
            found[device] = counters
        }
        return found
    }

    /// Lines `8:0 Read 123`, `8:0 Write 456` in one file for bytes and one for operations.
    static func parseLegacy(bytes: String, operations: String) -> [DeviceNumber: IOCounters] {
        var found: [DeviceNumber: IOCounters] = [:]
        for (text, read, write) in [
            (bytes, \IOCounters.readBytes, \IOCounters.writtenBytes), (operations, \IOCounters.readOperations, \IOCounters.writeOperations),
        ] {
            for line in text.split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: " ")
                guard parts.count == 3, let device = DeviceNumber(text: String(parts[0])), let value = UInt64(parts[2]) else { continue }
                if parts[1] == "Read" { found[device, default: IOCounters()][keyPath: read] = value }
                if parts[1] == "Write" { found[device, default: IOCounters()][keyPath: write] = value }
            }
        }
        return found
    }

    /// A rate that no disk reaches: v1 counts nothing on a disk until some group has a rule there.
    static let neverBinding: UInt64 = 1 << 50
}

/// What went to and from one device.
public struct IOCounters: Sendable, Hashable {
    /// Bytes read.
    public var readBytes: UInt64 = 0
    /// Bytes written.
    public var writtenBytes: UInt64 = 0
    /// Read operations.
    public var readOperations: UInt64 = 0
    /// Write operations.
    public var writeOperations: UInt64 = 0

    /// Zero.
    public init() {}
}

extension DeviceNumber {
    /// From `8:16`.
    init?(text: String) {
        let parts = text.split(separator: ":").compactMap { UInt32($0) }
        guard parts.count == 2 else { return nil }
        self.init(major: parts[0], minor: parts[1])
    }
}

extension GroupParent {
    /// Makes v1 count what goes to and from a disk from now on, by a rule on the parent that never binds; v2 counts always. Call it for the
    /// disks of the state directory before the first job.
    public func countIO(on device: DeviceNumber) throws(CgroupError) {
        guard let group = directories.holding(.io, layout), group.version == .v1 else { return }
        guard counted.withLock({ $0.insert(device).inserted }) else { return }
        do throws(CgroupError) { try group.write("blkio.throttle.read_bps_device", "\(device) \(BlockIO.neverBinding)") } catch {
            _ = counted.withLock { $0.remove(device) }
            throw error
        }
    }
}

extension GroupParent {
    /// The same for everything that is mounted from a disk: its device, and the disks below. What cannot be counted stays uncounted.
    public func countIO(onMounts table: MountTable) {
        let devices = IODevices(mounts: table)
        var wanted: Set<DeviceNumber> = []
        for entry in table.entries where entry.source.hasPrefix("/dev/") {
            wanted.formUnion((try? devices.disks(of: entry.device)) ?? [])
            if let status = try? Descriptor.open(entry.source, .path).status(), status.kind == .blockDevice { wanted.insert(status.specialDevice) }
        }
        for device in wanted { try? countIO(on: device) }
    }
}

extension AttemptGroup {
    /// Bytes and operations by device; nil where this kernel counts nothing.
    public func ioCounters() -> [DeviceNumber: IOCounters]? {
        directories.holding(.io, layout).flatMap(BlockIO.counters(of:))
    }
}
