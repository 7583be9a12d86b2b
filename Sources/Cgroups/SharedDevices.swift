import LinuxSys

/// v1's device controller: one group per allow list, shared by all attempts that have the same (cgroup-v1/devices.rst).
enum SharedDevices {
    static let prefix = "allow-"

    /// The group of an allow list, made on first use: everything denied, then the list allowed, then read back.
    static func group(for rules: [DeviceRule], in parent: GroupDirectory) throws(CgroupError) -> GroupDirectory {
        let lines = Set(rules.map(\.description)).sorted()
        let name = prefix + hash(lines)
        if let found = try parent.child(name), isComplete(found, lines) { return found }
        let group = try parent.make(name, reuse: true)
        try group.write("devices.deny", "a")
        for line in lines { try group.write("devices.allow", line) }
        guard isComplete(group, lines) else {
            throw CgroupError(
                "set devices.allow", group.path, wanted: lines.joined(separator: "; "),
                found: group.readIfPresent("devices.list")?.replacingNewlines ?? "")
        }
        return group
    }

    /// The list is what was allowed, exactly: a rule more is a hole.
    private static func isComplete(_ group: GroupDirectory, _ lines: [String]) -> Bool {
        guard let text = group.readIfPresent("devices.list") else { return false }
        return Set(text.split(whereSeparator: \.isNewline).map(String.init)) == Set(lines)
    }

    static func removeAll(in parent: GroupDirectory) throws(CgroupError) {
        for name in try parent.children() where name.hasPrefix(prefix) { _ = try GroupRemover.removeNow(name, in: parent) }
    }

    /// FNV-1a over the lines; `isComplete` guards against two lists of one hash.
    private static func hash(_ lines: [String]) -> String {
        let value = lines.joined(separator: "\n").utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(value, radix: 16)
    }
}
