import JobModel
import LinuxSys

/// The commands that mend a state directory.
public struct StateRemedy: Sendable {
    private let directory: String
    private let hasSystemd: Bool

    /// - Parameter hasSystemd: nil: as it is here.
    public init(directory: String, hasSystemd: Bool? = nil) {
        self.directory = directory
        self.hasSystemd = hasSystemd ?? ((try? Descriptor.open("/run/systemd/system", [.path, .directory])) != nil)
    }

    /// With the daemon stopped meanwhile.
    private func stopped(_ command: String, else note: String = "    (with berthd stopped)") -> String {
        hasSystemd ? "systemctl stop berthd; \(command) && systemctl start berthd" : command + note
    }

    /// Old logs are what nobody misses: each is a file, and they go without a daemon.
    func room(_ shortage: StateRoom.Shortage, _ mount: MountEntry?) -> String {
        guard shortage.kind == .readOnly else { return "find \(DocumentText.shell(directory))/logs -name '*.log' -mtime +7 -delete" }
        guard let mount else { return "mount -o remount,rw \(DocumentText.shell(shortage.path))" }
        return repair(mount)
    }

    /// A file system turns read-only when its disk fails, or was mounted so.
    func repair(_ mount: MountEntry) -> String {
        let (place, device) = (DocumentText.shell(mount.mountPoint), DocumentText.shell(mount.source))
        let check = mount.type == "xfs" ? "xfs_repair \(device)" : "e2fsck -fy \(device)"
        switch (mount.type, mount.mountPoint) {
        case ("ext4", "/"), ("xfs", "/"), ("ext3", "/"): return "mount -o remount,rw / || { touch /forcefsck; reboot; }"
        case ("ext4", _), ("xfs", _), ("ext3", _):
            // Jobs whose scratch lies there keep it busy; then they go with the machine.
            return "mount -o remount,rw \(place) || { "
                + stopped("umount \(place) && \(check) && mount \(device) \(place)", else: "") + " || reboot; }"
        default: return "mount -o remount,rw \(place)"
        }
    }

    /// A damaged database is read as far as it can be.
    ///
    /// - Parameter script: does that in a shell, with SQLite's own tool.
    public func restore(_ script: String) -> String { "apt-get install -y sqlite3 && " + stopped("(\(script))") }

    /// Another disk.
    var move: String {
        let edit = "sed -i 's|^#*state_directory:.*|state_directory: /OTHER/berth|' /etc/berth/berthd.yaml"
        return stopped("rsync -aHAX \(DocumentText.shell(directory))/ /OTHER/berth/ && \(edit)")
    }

    /// Starts the machine's daemon.
    public var start: String { hasSystemd ? "systemctl start berthd" : "setsid berthd --config /etc/berth/berthd.yaml &" }

    /// Ends a daemon that holds the directory and answers nobody; jobs go on.
    public func end(_ pid: Int32) -> String { hasSystemd ? "kill -9 \(pid); systemctl restart berthd" : "kill -9 \(pid)    (then start berthd)" }
}
