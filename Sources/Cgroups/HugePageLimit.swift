public import JobModel
import LinuxSys

/// Huge pages by size (cgroup-v2.rst, "HugeTLB"; cgroup-v1/hugetlb.rst). They are no part of the memory limit.
enum HugePageLimit {
    /// One size that the kernel limits, as its files name it.
    struct Size: Sendable, Hashable {
        /// `2MB`, `1GB`, `64KB`.
        let name: String
        let size: Bytes
        /// Limits reservations too (Linux 5.7). Both are needed: a mapping reserves pages that it has not touched, and with MAP_NORESERVE it
        /// touches pages that it has not reserved.
        let limitsReservations: Bool

        func files(_ version: CgroupVersion) -> [String] {
            let last = version == .v2 ? "max" : "limit_in_bytes"
            return (limitsReservations ? ["hugetlb.\(name).rsvd.\(last)"] : []) + ["hugetlb.\(name).\(last)"]
        }
    }

    /// What a group's files name, by size; none where the controller is off.
    static func sizes(of group: GroupDirectory) -> [Size] {
        let last = group.version == .v2 ? ".max" : ".limit_in_bytes"
        let names = Set((try? group.descriptor.open(at: ".", .directory).names()) ?? [])
        let found = names.compactMap { file -> Size? in
            guard file.hasPrefix("hugetlb."), file.hasSuffix(last), !file.hasSuffix(".rsvd" + last) else { return nil }
            let name = String(file.dropFirst("hugetlb.".count).dropLast(last.count))
            guard let size = Bytes(text: name) else { return nil }
            return Size(name: name, size: size, limitsReservations: names.contains("hugetlb.\(name).rsvd\(last)"))
        }
        return found.sorted { $0.size < $1.size }
    }

    /// Every size is limited, those that were not asked for to nothing.
    static func apply(_ wanted: [HugePages], _ sizes: [Size], to group: GroupDirectory) throws(CgroupError) {
        if let other = wanted.first(where: { pages in pages.bytes > .zero && !sizes.contains { $0.size == pages.size } }) {
            let known = sizes.map { "\($0.size)" }.joined(separator: ", ")
            throw CgroupError(
                "set hugetlb limit", group.path, wanted: "\(other)", found: known.isEmpty ? "no limit of huge pages" : "pages of \(known)")
        }
        for size in sizes {
            let bytes = wanted.first { $0.size == size.size }?.bytes ?? .zero
            for file in size.files(group.version) { try group.set(file, "\(bytes.count)") }
        }
    }

    /// Of sizes that the group was allowed, or tried to take.
    ///
    /// - Parameter mayAllow: false where it is known that the group was allowed none.
    static func usage(_ sizes: [Size], of group: GroupDirectory, mayAllow: Bool = true) -> [HugePageUsage]? {
        let found = sizes.compactMap { size -> HugePageUsage? in
            let usage = usage(size, of: group)
            let isAllowed = mayAllow && size.files(group.version).last.flatMap { try? group.readNumber($0) } ?? 0 > 0
            return isAllowed || usage.failures ?? 0 > 0 ? usage : nil
        }
        return found.isEmpty ? nil : found
    }

    private static func usage(_ size: Size, of group: GroupDirectory) -> HugePageUsage {
        let name = "hugetlb.\(size.name)"
        switch group.version {
        case .v2: return HugePageUsage(size: size.size, failures: (try? group.readTable("\(name).events"))?["max"])
        case .v1:
            var failures = try? group.readNumber("\(name).failcnt")
            if let reservations = try? group.readNumber("\(name).rsvd.failcnt") { failures = (failures ?? 0).saturated(adding: reservations) }
            return HugePageUsage(
                size: size.size, peak: (try? group.readNumber("\(name).max_usage_in_bytes")).map { Bytes($0) }, failures: failures)
        }
    }
}

extension GroupParent {
    /// The sizes of huge pages that the groups limit; empty where the kernel has no hugetlb controller.
    public var limitedHugePages: [Bytes] { hugePageSizes.map(\.size) }
}
