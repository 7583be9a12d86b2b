import Cgroups
import LinuxSys

/// The exact commands that mend what `berth doctor` finds.
enum DoctorRemedy {
    static let kernel = "apt-get install -y linux-image-amd64 && reboot"

    /// Words for the kernel's command line, by Debian's boot loader.
    static func boot(_ words: String) -> String {
        #"sed -i 's/^GRUB_CMDLINE_LINUX="/&\#(words) /' /etc/default/grub && update-grub && reboot"#
    }

    /// Gives the file system of the state directory project quotas; nil where there is no way but another file system.
    static func projectQuota(on mount: MountEntry) -> String? {
        let (device, place) = (mount.source, mount.mountPoint)
        switch (mount.type, place) {
        case ("xfs", "/"): return boot("rootflags=prjquota")
        case ("xfs", _): return "systemctl stop berthd && umount \(place) && mount -o prjquota \(device) \(place) && systemctl start berthd"
        case ("ext4", "/"): return "tune2fs -O project,quota -Q prjquota \(device)    (in a rescue system: it must not be mounted)"
        case ("ext4", _):
            return "systemctl stop berthd && umount \(place) && tune2fs -O project,quota -Q prjquota \(device) && "
                + "mount -o prjquota \(device) \(place) && systemctl start berthd"
        default: return nil
        }
    }

    /// Brings controllers in.
    ///
    /// - Parameter hasSystemd: it hands controllers down by itself.
    static func controllers(_ missing: [Controller], _ kind: CgroupLayout.Kind, hasSystemd: Bool) -> String {
        let names = missing.map(\.rawValue)
        guard kind == .v2 else {
            return names.map { name in
                let v1 = name == "io" ? "blkio" : name
                return "mkdir -p /sys/fs/cgroup/\(v1) && mount -t cgroup -o \(v1) cgroup /sys/fs/cgroup/\(v1)"
            }.joined(separator: " && ")
        }
        if hasSystemd { return "systemctl set-property berthd.service Delegate=yes && systemctl restart berthd" }
        return "echo '\(names.map { "+" + $0 }.joined(separator: " "))' > /sys/fs/cgroup/cgroup.subtree_control"
    }

    /// Ids that /etc/subuid or /etc/subgid gives away although jobs have them.
    struct SubordinateIDs: Equatable {
        let line: String
        let user: String
        let first: UInt64
        let last: UInt64

        /// The first line that overlaps the range (subuid(5)).
        static func clash(in text: String, with range: ClosedRange<UInt32>) -> SubordinateIDs? {
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":")
                guard parts.count == 3, let first = UInt64(parts[1]), let count = UInt64(parts[2]), count > 0 else { continue }
                let (last, overflow) = first.addingReportingOverflow(count - 1)
                guard !overflow, first <= UInt64(range.upperBound), last >= UInt64(range.lowerBound) else { continue }
                return SubordinateIDs(line: String(line), user: String(parts[0]), first: first, last: last)
            }
            return nil
        }
    }

    /// - Parameter kind: `uids` or `gids`.
    static func takeBack(_ ids: SubordinateIDs, _ kind: String) -> String { "usermod --del-sub\(kind) \(ids.first)-\(ids.last) \(ids.user)" }
}
