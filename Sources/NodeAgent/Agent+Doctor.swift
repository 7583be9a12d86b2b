public import API
import Cgroups
import Images
public import JobModel
import LinuxSys

extension Agent {
    /// What Berth needs of kernel and permissions, what was found, and what mends it.
    public nonisolated func checks() async -> [DoctorCheck] {
        let services = services
        return (try? await services.work.run { Doctor(services: services).checks() }) ?? []
    }

    /// Removes the logs of purged jobs.
    public nonisolated func removeLogs(of jobs: [JobID]) async {
        let services = services
        _ = try? await services.work.run { for job in jobs { _ = try? services.logs.remove(job) } }
    }

    public nonisolated func loggedAttempts() async -> [JobID: [AttemptID]] {
        let services = services
        return (try? await services.work.run { services.logs.attempts() }) ?? [:]
    }

    public nonisolated func removeLogs(of attempts: [AttemptID]) async {
        let services = services
        _ = try? await services.work.run { for attempt in attempts { try? services.logs.remove(attempt) } }
    }
}

/// The daemon's own checks. Blocks.
struct Doctor {
    let services: NodeServices

    func checks() -> [DoctorCheck] {
        [kernel, groups, freezing, overlay, runDirectory, users, seccomp, apparmor, swap, hugePages, ioWeight, devices, slots, scratch]
            .compactMap { $0 } + StateDoctor(directory: services.settings.stateDirectory, room: services.room).checks()
            + [services.settings.reserveCheck()].compactMap { $0 }
    }

    private var scratch: DoctorCheck {
        guard services.scratch.diskLimit != .projectQuota else { return DoctorCheck("scratch", .ok, "limited by project quota (bytes and inodes)") }
        let state = services.settings.stateDirectory
        let mount = (try? MountTable())?.holding((try? Descriptor.open(state, [.path, .directory]).path()) ?? state)
        let place = mount.map { "\($0.mountPoint) (\($0.type))" } ?? "the state file system"
        return DoctorCheck(
            "scratch", .warning, "limited by btrfs quotas of a file system of its own (bytes only): \(place) has no project quota",
            remedy: mount.flatMap { DoctorRemedy.projectQuota(on: $0) })
    }

    private var kernel: DoctorCheck {
        let version = KernelVersion.running
        return version >= KernelVersion(6, 1)
            ? DoctorCheck("kernel", .ok, "\(version)")
            : DoctorCheck("kernel", .missing, "found \(version), needed is 6.1", remedy: DoctorRemedy.kernel)
    }

    private var groups: DoctorCheck {
        let layout = services.groups.layout
        let wanted: [Controller] = [.cpu, .cpuset, .memory, .pids, .io]
        let missing = wanted.filter { layout.version(of: $0) == nil }
        guard missing.isEmpty else {
            return DoctorCheck(
                "cgroups", .missing, "\(layout.kind.rawValue) without \(missing.map(\.rawValue).joined(separator: ", "))",
                remedy: DoctorRemedy.controllers(
                    missing, layout.kind, hasSystemd: (try? Descriptor.open("/run/systemd/system", [.path, .directory])) != nil))
        }
        return DoctorCheck("cgroups", .ok, "\(layout.kind.rawValue), parent \(services.settings.cgroupParent)")
    }

    private var freezing: DoctorCheck {
        services.groups.layout.unified != nil
            ? DoctorCheck("freezer", .ok, "cgroup v2: cgroup.freeze and cgroup.kill")
            : DoctorCheck(
                "freezer", .warning, "v1's freezer: a frozen job is thawed to be killed",
                remedy: "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified")
    }

    private var overlay: DoctorCheck {
        switch services.roots.layering {
        case .byDescriptor: DoctorCheck("overlayfs", .ok, "layers by descriptor")
        default: DoctorCheck("overlayfs", .ok, "layers by staged path (kernel before 6.13)")
        }
    }

    private var runDirectory: DoctorCheck {
        let path = services.settings.runDirectory
        let type = try? Descriptor.open(path, [.path, .directory]).fileSystemStatus().type
        return type == FileSystemStatus.tmpfs
            ? DoctorCheck("run directory", .ok, "\(path) on tmpfs")
            : DoctorCheck(
                "run directory", .warning, "\(path) is not on tmpfs: starts wait for the disk, and what a reboot ends is not removed",
                remedy: "mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs \(path) && systemctl restart berthd")
    }

    private var users: DoctorCheck {
        let limit = (try? readTextFile("/proc/sys/user/max_user_namespaces")).flatMap { Int($0.filter(\.isNumber)) } ?? 0
        return limit > 0
            ? DoctorCheck("user namespaces", .ok, "up to \(limit)")
            : DoctorCheck("user namespaces", .missing, "found max_user_namespaces \(limit)", remedy: "sysctl -w user.max_user_namespaces=65536")
    }

    private var seccomp: DoctorCheck {
        let actions = try? readTextFile("/proc/sys/kernel/seccomp/actions_avail")
        return actions == nil
            ? DoctorCheck("seccomp", .missing, "the kernel filters no system calls", remedy: DoctorRemedy.kernel)
            : DoctorCheck("seccomp", .ok, "filter of \(services.settings.seccompProfile)")
    }

    private var apparmor: DoctorCheck {
        let enabled = (try? readTextFile("/sys/module/apparmor/parameters/enabled"))?.first == "Y"
        return enabled
            ? DoctorCheck("apparmor", .ok, "in the kernel")
            : DoctorCheck(
                "apparmor", .warning, "not in the kernel: jobs run without a profile", remedy: DoctorRemedy.boot("apparmor=1 security=apparmor"))
    }

    private var swap: DoctorCheck? {
        guard services.groups.layout.kind != .v2 else { return nil }
        let accounted = (try? Descriptor.open("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", [.path])) != nil
        return accounted
            ? nil
            : DoctorCheck(
                "swap", .warning, "v1 without swap accounting: swap limits are not enforced", remedy: DoctorRemedy.boot("swapaccount=1"))
    }

    private var hugePages: DoctorCheck? {
        let sizes = services.groups.limitedHugePages
        if !sizes.isEmpty { return DoctorCheck("huge pages", .ok, "limited: \(sizes.map(\.description).joined(separator: ", "))") }
        guard let pages = try? SystemInfo().hugePages, pages > 0 else { return nil }
        return DoctorCheck(
            "huge pages", .warning, "\(pages) of them, and no hugetlb controller: every job may take them",
            remedy: DoctorRemedy.controllers(
                [.hugetlb], services.groups.layout.kind, hasSystemd: (try? Descriptor.open("/run/systemd/system", [.path, .directory])) != nil))
    }

    private var ioWeight: DoctorCheck {
        services.ioWeightProblem().map { DoctorCheck("io weight", .warning, "refused: \($0)") }
            ?? DoctorCheck("io weight", .ok, services.ioWeightText())
    }

    private var devices: DoctorCheck? {
        services.groups.layout.kind == .v2 ? DoctorCheck("devices", .ok, "no nodes but the job's, nodev everywhere") : nil
    }

    private var slots: DoctorCheck {
        let range = services.settings.slots
        for kind in ["uid", "gid"] {
            let file = "/etc/sub\(kind)"
            guard let clash = DoctorRemedy.SubordinateIDs.clash(in: (try? readTextFile(file)) ?? "", with: range) else { continue }
            return DoctorCheck(
                "ids", .missing, "slots \(range.lowerBound)-\(range.upperBound) overlap \(file): \(clash.line)",
                remedy: DoctorRemedy.takeBack(clash, kind + "s"))
        }
        return DoctorCheck("ids", .ok, "slots \(range.lowerBound)-\(range.upperBound)")
    }
}
