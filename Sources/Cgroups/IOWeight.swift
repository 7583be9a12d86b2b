public import LinuxSys

/// A group's share of contended disks (cgroup-v2.rst, "IO Interface Files"; bfq-iosched.rst).
///
/// The files are there whether a disk goes by them or not: only one whose scheduler is bfq, or for which io.cost is on, does.
enum IOWeight {
    /// By version; the group has those of what the kernel was built with.
    private static func files(_ version: CgroupVersion) -> [String] {
        version == .v2 ? ["io.weight", "io.bfq.weight"] : ["blkio.bfq.weight"]
    }

    static func isThere(_ group: GroupDirectory) -> Bool { files(group.version).contains(where: group.has) }

    static func apply(_ weight: UInt64, to group: GroupDirectory) throws(CgroupError) {
        let files = files(group.version).filter(group.has)
        guard !files.isEmpty else {
            throw CgroupError("set io weight", group.path, wanted: "\(weight)", found: "this kernel has neither io.cost nor bfq's groups")
        }
        for file in files {
            let value = file.contains("bfq") ? forBFQ(weight) : weight
            // v2 shows `default 200` and lines of single devices after it.
            try group.set(file, "\(value)") { found in
                let first = found.prefix { !$0.isNewline }
                return first == "\(value)" || first == "default \(value)"
            }
        }
    }

    /// bfq knows 1 to 1,000 with the same middle; above it the scale is drawn together, as systemd does.
    static func forBFQ(_ weight: UInt64) -> UInt64 { weight <= 100 ? weight : 100 + (weight - 100) * 900 / 9_900 }
}

/// What a disk makes of weights.
public struct WeightedDisk: Sendable, Hashable {
    /// Such as `vda`.
    public var name: String
    /// What shares it by weight, `bfq` or `io.cost`; nil: nothing does.
    public var sharer: String?
    /// The scheduler in use.
    public var scheduler: String
}

extension GroupParent {
    /// Every disk that something is mounted from.
    public func weightedDisks(_ table: MountTable, sysRoot: String = "/sys") -> [WeightedDisk] {
        let devices = IODevices(sysRoot: sysRoot, mounts: table)
        var numbers: Set<DeviceNumber> = []
        for entry in table.entries where entry.source.hasPrefix("/dev/") { numbers.formUnion((try? devices.disks(of: entry.device)) ?? []) }
        let group = directories.holding(.io, layout)
        let costs = layout.unified.flatMap { try? readTextFile($0 + "/io.cost.qos") } ?? ""
        return numbers.sorted { ($0.major, $0.minor) < ($1.major, $1.minor) }.map { number in
            let directory = "\(sysRoot)/dev/block/\(number)"
            let scheduler = Self.chosen((try? readTextFile("\(directory)/queue/scheduler")) ?? "")
            var sharer: String?
            if scheduler == "bfq", group?.has("io.bfq.weight") == true || group?.has("blkio.bfq.weight") == true { sharer = "bfq" }
            let cost = costs.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(number) ") }
            if group?.has("io.weight") == true, cost?.contains(" enable=1") == true { sharer = "io.cost" }
            let name = (try? readTextFile("\(directory)/uevent"))?.split(whereSeparator: \.isNewline).first { $0.hasPrefix("DEVNAME=") }
            return WeightedDisk(name: name.map { String($0.dropFirst("DEVNAME=".count)) } ?? "\(number)", sharer: sharer, scheduler: scheduler)
        }
    }

    /// The one in brackets: `none [mq-deadline] bfq`.
    private static func chosen(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace)
        let chosen = words.first { $0.hasPrefix("[") && $0.hasSuffix("]") }
        return chosen.map { String($0.dropFirst().dropLast()) } ?? words.first.map(String.init) ?? "none"
    }
}
