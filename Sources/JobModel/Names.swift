/// Names of images as users write them: `user/name:tag`, an operator's `name:tag`, or `name@sha256:…`.
public enum ImageName {
    public static let accepted = "an image name such as tools, tools:1.2 or user/tools:1.2"

    public static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= 255 else { return false }
        let byDigest = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        if byDigest.count == 2, !isDigest(byDigest[1]) { return false }
        let parts = byDigest[0].split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let last = parts.last else { return false }
        if parts.count == 2, !isUserName(parts[0]) { return false }
        let named = last.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard isComponent(named[0]) else { return false }
        return named.count == 1 || (isTag(named[1]) && byDigest.count == 1)
    }

    private static func isDigest(_ text: Substring) -> Bool {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix) else { return false }
        let hex = text.dropFirst(prefix.count)
        return hex.utf8.count == 64 && hex.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func isComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, SpecCheck.isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { SpecCheck.isAlphanumeric($0) || [45, 46, 95].contains($0) }
    }

    /// The portable names of useradd(8), with a machine account's final `$` left out.
    private static func isUserName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64, SpecCheck.isAlphanumeric(first) || first == 95 else { return false }
        return text.utf8.allSatisfy { SpecCheck.isAlphanumeric($0) || [45, 46, 95].contains($0) }
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, SpecCheck.isAlphanumeric(first) || first == 95 else { return false }
        return text.utf8.allSatisfy { SpecCheck.isAlphanumeric($0) || [45, 46, 95].contains($0) }
    }
}

/// Names of environment variables (environ(7); the portable form, so that shells can use each).
public enum EnvironmentName {
    public static let accepted = "letters, digits and _ after a first letter or _"

    public static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 256, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { SpecCheck.isAlphanumeric($0) || $0 == 95 }
    }
}

/// Sysctls that belong to a namespace of the job: ipc's, message queues', and the network's while it has one of its own.
public enum SysctlName {
    public static let accepted = "kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* and, without host network, net.*"

    public static func isValid(_ key: String, ownNetwork: Bool) -> Bool {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard key.utf8.count <= 256, parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else { return false }
        guard key.utf8.allSatisfy({ SpecCheck.isAlphanumeric($0) || [45, 46, 95].contains($0) }) else { return false }
        if SpecBounds.ipcSysctls.contains(key) { return true }
        if key.hasPrefix("fs.mqueue.") { return parts.count == 3 }
        return ownNetwork && key.hasPrefix("net.") && parts.count >= 3
    }
}
