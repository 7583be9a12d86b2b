import LinuxSys

/// Writable mounts of a job that lead into a file system of the host and have no id map (contract §7): there only the submitter may be at work.
struct PlainBinds {
    /// What every container has of the host: device nodes, and the socket of a job that may use it.
    private static let usual = ["/dev", "/proc", "/sys", "/run/berth/berthd.sock"]

    /// The place of each in the job.
    let places: [String]

    /// - Parameters:
    ///   - job: the mounts as PID 1 sees them; the job itself can mount nothing.
    ///   - host: tells a tmpfs of the host's from one that was made for the job. Only a tmpfs needs that: of other types, but for the root, the
    ///     container has none of its own, and one that the host let go meanwhile is in no table of the host's.
    init(job: MountTable, host: MountTable) {
        let devices = Set(host.entries.map(\.device))
        places = job.entries.filter { entry in
            let isUsual = Self.usual.contains { entry.mountPoint == $0 || entry.mountPoint.hasPrefix($0 + "/") }
            let isOwn = entry.mountPoint == "/" || isUsual || entry.type == "tmpfs" && !devices.contains(entry.device)
            return !isOwn && !entry.options.contains("ro") && !entry.options.contains("idmapped")
        }
        .map(\.mountPoint)
    }
}
