import Cgroups
import Containers
import Images
public import JobModel
import LinuxSys
import OCISpec

/// Everything of one attempt that a start needs, made by blocking calls on a queue.
struct AttemptPlan: Sendable {
    let group: AttemptGroup
    let description: ContainerDescription
    let stopSignal: Int32
    /// Still to be set before the job's go: PID 1 of a spare is in its groups already, and makes the container ready meanwhile.
    let limitsToSet: GroupLimits?
}

/// The name of an attempt's run directory and groups: `12.3-2`.
public func containerName(_ id: AttemptID) -> String { "\(id.task)-\(id.number)" }

/// The submitter's account is gone: the job is held until it is back (contract §7).
struct AccountMissing: Error {
    let user: UserID
}

/// Turns a job's record into groups, mounts and a container's description. What a job may do is derived from its spec here, every time.
struct AttemptPlanner {
    let services: NodeServices
    let record: AttemptRecord
    var job: JobRecord
    let lease: ImageLease
    /// Nil for exec, which mounts nothing.
    let scratch: ScratchSpace?
    /// Nil for exec.
    var clock: AttemptClock?

    private var spec: JobSpec { job.spec }
    private var id: AttemptID { record.id }

    /// Blocks: account look-up, mounts, groups.
    func plan(sharedPool: CpuSet?, runtime: ContainerRuntime) throws -> AttemptPlan {
        let owner = try resolvedOwner()
        let identity = try services.identities.identity(of: owner.record, imageBase: lease.base)
        let process = try process(owner, identity.map)
        let base = base(identity.map)
        // What a spare is handed has to fit into one packet.
        let mayUseSpare = SparePool.serves(base) && (spec.mounts ?? []).count <= 32
        let spare = mayUseSpare ? services.spares.take(base, runtime) : nil
        clock?.mark(usedSpare: spare != nil)
        let group = try spare?.group ?? services.groups.prepare(containerName(id))
        do {
            if spec.resources.ioWeight != nil, let problem = services.ioWeightProblem() {
                throw LaunchError(operation: "set io weight: \(problem)", errno: "EOPNOTSUPP")
            }
            var limits = try GroupLimits(record, job, sharedPool: sharedPool, throttles: throttles())
            // Cores may be changed from now on, and v1 takes nobody into a cpuset that is empty.
            try group.apply(spare == nil ? limits : limits.takePlacement(), isNew: true)
            clock?.mark(.groups, at: services.clock.now().boot)
            let entry = try spare == nil ? group.entry(devices: deviceRules()) : group.jobEntry()
            if spare == nil, let uid = base.map.outside(user: 0), let gid = base.map.outside(group: 0) { try group.allowEntry(uid: uid, gid: gid) }
            var description = ContainerDescription(
                name: containerName(id), owner: owner.record, base: base, root: try root(identity), groups: entry, groupName: group.name,
                process: process, streams: streams(), hostname: hostname, logDirectory: try services.logs.make(id.task.job),
                logLimit: spec.logLimit ?? .mebibytes(64), bindNamespace: identity.binds)
            description.spare = spare?.container
            description.protected = services.protected
            description.mounts = mounts()
            description.files = files()
            description.accounts = accountLines(owner)
            let signal = spec.stopSignal.flatMap { SignalName.number($0) } ?? lease.config.stopSignal ?? 15
            return AttemptPlan(group: group, description: description, stopSignal: signal, limitsToSet: spare == nil ? nil : limits)
        } catch {
            if let spare { runtime.discard(spare.container) }
            group.removeInBackground()
            throw error
        }
    }

    /// What the container begins with.
    private func base(_ map: IdentityMap) -> ContainerBase {
        var base = ContainerBase(map: map)
        base.network = spec.network ?? .none
        base.devices = devices()
        base.sysctls = (spec.sysctls ?? [:]).sorted { $0.key < $1.key }.map { ContainerSysctl(key: $0.key, value: $0.value) }
        base.sharedMemory = spec.sharedMemory ?? base.sharedMemory
        return base
    }

    private func root(_ identity: IdentityCache.Identity) throws -> Descriptor {
        guard let scratch else { throw LaunchError(operation: "mount overlay: no scratch", errno: "ENOENT") }
        guard services.roots.layering != .byDescriptor else { return try services.roots.assemble(lease, scratch: scratch, idMap: identity.layers) }
        let parts = try services.roots.stagedParts(lease, scratch: scratch, idMap: identity.layers)
        return try services.runtime.stagedOverlay(parts.layers, scratch: parts.scratch, flags: parts.flags, options: parts.options)
    }

    // MARK: Identity

    struct ResolvedOwner {
        var record: Owner
        var account: UserAccount
        var groupName: String?
    }

    /// Stored at submit and resolved again at start.
    private func resolvedOwner() throws -> ResolvedOwner {
        guard let found = try services.accounts.entry(of: job.owner.user.value) else { throw AccountMissing(user: job.owner.user) }
        let (account, groups) = (found.account, found.groups.map { GroupID($0) })
        let owner = Owner(user: job.owner.user, group: GroupID(account.gid), groups: groups, name: account.name)
        return ResolvedOwner(record: owner, account: account, groupName: found.groupName)
    }

    private func process(_ owner: ResolvedOwner, _ map: IdentityMap) throws -> ContainerProcess {
        var user: UInt32 = owner.record.user.value
        var group: UInt32 = owner.record.user == .root ? 0 : owner.record.group.value
        var supplementary = owner.record.user == .root ? [] : owner.record.groups.map(\.value).filter { map.outside(group: $0) == $0 }
        switch spec.user ?? .submitter {
        case .submitter: break
        case .id(let id, let gid): (user, group, supplementary) = (id, gid ?? id, [])
        case .image: (user, group, supplementary) = try imageUser()
        }
        guard map.outside(user: user) != nil, map.outside(group: group) != nil else {
            throw LaunchError(operation: "user \(user):\(group), accepted are ids below 65536", errno: "EINVAL")
        }
        let capabilities = try capabilities()
        var process = ContainerProcess(
            arguments: try arguments(), environment: JobEnvironment(services: services, record: record, job: job, lease: lease).variables(owner),
            workingDirectory: workingDirectory, user: user, group: group, supplementaryGroups: supplementary, capabilities: capabilities,
            seccomp: try services.filters.program(for: capabilities))
        process.umask = spec.umask ?? 0o022
        process.limits = (spec.rlimits ?? [:]).sorted { $0.key < $1.key }.compactMap { name, limit in
            ResourceLimitName.number(name).map { ($0, limit) }
        }
        return process
    }

    /// A further process in the running job: rights from the spec again, never more than the job's own process may still have.
    func execProcess(_ request: ExecDescription, monitor: ProcessHandle) throws -> ContainerProcess {
        let owner = try resolvedOwner()
        let identity = try services.identities.identity(of: owner.record, imageBase: lease.base)
        var asked = self
        asked.job.spec.user = request.user ?? job.spec.user
        asked.job.spec.workingDirectory = request.workingDirectory ?? workingDirectory
        asked.job.spec.environment = (job.spec.environment ?? [:]).merging(request.environment) { _, given in given }
        asked.job.spec.script = nil
        asked.job.spec.command = request.command
        var process = try asked.process(owner, identity.map)
        process.arguments = request.command
        // A bind that could not be id-mapped took capabilities from the whole job.
        if let pid = try jobProcess(below: monitor) {
            process.capabilities = process.capabilities.intersection(try ProcessCapabilities.of(pid: pid).bounding)
        }
        // Nobody but the submitter may write there.
        if process.user != owner.record.user.value {
            let binds = PlainBinds(job: try MountTable(path: "/proc/\(monitor.pid)/mountinfo"), host: try MountTable())
            if let bind = binds.places.first {
                throw LaunchError(
                    operation: "enter job \(id.task) as user \(process.user): \(bind) takes no id map, accepted is the submitter alone",
                    errno: "EPERM")
            }
        }
        return process
    }

    /// The job's main process: the first child of PID 1.
    private func jobProcess(below monitor: ProcessHandle) throws -> Int32? {
        let children = try? readTextFile("/proc/\(monitor.pid)/task/\(monitor.pid)/children")
        return children?.split(separator: " ").first.flatMap { Int32($0) }
    }

    private func imageUser() throws -> (UInt32, UInt32, [UInt32]) {
        guard let user = lease.config.user else { return (0, 0, []) }
        guard case .number(let uid) = user.user else {
            throw LaunchError(operation: "user \(user.user) of the image, which its /etc/passwd does not name", errno: "ENOENT")
        }
        guard case .number(let gid) = user.group ?? .number(uid) else {
            throw LaunchError(operation: "group of user \(uid) of the image, which its /etc/group does not name", errno: "ENOENT")
        }
        return (uid, gid, [])
    }

    /// A subset of the default set; never more, and never by what the image says.
    private func capabilities() throws -> CapabilitySet {
        guard let names = spec.capabilities else { return .containerDefault }
        let wanted = CapabilitySet(names.compactMap { Capability(name: $0) })
        return wanted.intersection(.containerDefault)
    }

    // MARK: What runs

    /// Where a stored script lies inside.
    static let scriptPath = "/.berth/script"

    private func arguments() throws -> [String] {
        let given = spec.command ?? []
        if let script = spec.script {
            let interpreter = script.hasPrefix("#!") ? [] : ["/bin/sh"]
            return interpreter + [Self.scriptPath] + given
        }
        let arguments = lease.config.entrypoint + (given.isEmpty ? lease.config.command : given)
        guard !arguments.isEmpty else {
            throw LaunchError(operation: "command of \(id.task): neither the job nor its image names one", errno: "EINVAL")
        }
        return arguments
    }

    private var workingDirectory: String {
        if let directory = spec.workingDirectory { return directory }
        if let directory = spec.submitDirectory, spec.mounts == nil { return directory }
        return lease.config.workingDirectory.isEmpty ? "/" : lease.config.workingDirectory
    }

    /// Names inside a container say which job it is.
    private var hostname: String { "berth-\(id.task)".replacing(".", with: "-") }

    private func streams() -> ContainerStreams {
        var streams = ContainerStreams()
        streams.terminal = spec.terminal
        streams.interactive = spec.interactive == true && spec.terminal == nil
        streams.input = spec.input.map(hostPath)
        streams.output = spec.output.map { OutputSpec(path: hostPath($0.path), append: $0.append) }
        streams.error = spec.error.map { OutputSpec(path: hostPath($0.path), append: $0.append) }
        return streams
    }

    /// `%j`, `%a` and `%A` filled in; relative to the directory of the submit.
    private func hostPath(_ text: String) -> String {
        let path = text.replacing("%j", with: "\(id.task.job)").replacing("%a", with: "\(id.task.slot)").replacing("%A", with: "\(id.number)")
        guard !path.hasPrefix("/") else { return path }
        return (spec.submitDirectory ?? spec.workingDirectory ?? "/") + "/" + path
    }

    // MARK: Files and mounts

    private func files() -> [ContainerFile] {
        let hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.1.1\t\(hostname)\n"
        var files = [
            ContainerFile(path: "/etc/hostname", mode: 0o644, contents: Array("\(hostname)\n".utf8)),
            ContainerFile(path: "/etc/hosts", mode: 0o644, contents: Array(hosts.utf8)),
        ]
        let resolver = spec.network == .host ? (try? readFile("/etc/resolv.conf")) ?? [] : []
        files.append(ContainerFile(path: "/etc/resolv.conf", mode: 0o644, contents: resolver))
        if let script = spec.script { files.append(ContainerFile(path: Self.scriptPath, mode: 0o755, contents: Array(script.utf8))) }
        return files
    }

    private func accountLines(_ owner: ResolvedOwner) -> [AccountLine] {
        guard owner.record.user != .root else { return [] }
        func plain(_ text: String) -> String { text.filter { $0 != ":" && !$0.isNewline } }
        let account = owner.account
        let user = "\(plain(account.name)):x:\(account.uid):\(account.gid):\(plain(account.comment)):\(plain(account.home)):/bin/sh"
        let group = "\(plain(owner.groupName ?? account.name)):x:\(account.gid):"
        return [
            AccountLine(path: "/etc/passwd", field: 2, key: "\(account.uid)", line: user),
            AccountLine(path: "/etc/group", field: 2, key: "\(account.gid)", line: group),
        ]
    }

    private func mounts() -> [ContainerMount] {
        var mounts: [ContainerMount] = []
        if let wanted = spec.mounts {
            mounts = wanted.map { mount in
                let source: ContainerMount.Source = mount.kind == .bind ? .path(mount.source ?? mount.target) : .tmpfs(mount.size ?? .mebibytes(64))
                return ContainerMount(source: source, target: mount.target, readOnly: mount.readOnly)
            }
        } else if let directory = spec.submitDirectory {
            mounts = [ContainerMount(source: .path(directory), target: directory, readOnly: false)]
        }
        if spec.api == true, let socket = try? Descriptor.open(services.settings.socketPath, [.path]) {
            mounts.append(ContainerMount(source: .descriptor(socket), target: "/run/berth/berthd.sock", readOnly: false))
        }
        return mounts
    }

    private var instances: [NamedResource.Instance] {
        record.placement.named.flatMap { name, chosen in
            services.settings.named.first { $0.name == name }?.instances.filter { chosen.contains($0.name) } ?? []
        }
    }

    private var requestedDevices: [DeviceRequest] { DeviceRequest.merged((spec.devices ?? []) + instances.flatMap(\.devices)) }

    private func devices() -> [ContainerDevice] {
        requestedDevices.map { ContainerDevice(path: $0.path, readOnly: !$0.access.contains("w")) }
    }

    // MARK: Groups

    func deviceRules() throws -> [DeviceRule] {
        var rules = DeviceRule.containerDefault
        for request in requestedDevices {
            let status = try Descriptor.open(request.path, [.path]).status()
            let device = status.specialDevice
            rules.append(
                DeviceRule(
                    isBlock: status.kind == .blockDevice, major: device.major, minor: device.minor, read: request.access.contains("r"),
                    write: request.access.contains("w"), make: false))
        }
        return rules
    }

    /// The traffic of a loop device reaches the disk in the name of its kernel thread, so the device itself is throttled too.
    private func loopDevices(_ mount: MountEntry) throws -> [DeviceNumber] {
        guard mount.source.hasPrefix("/dev/loop") else { return [] }
        return [try Descriptor.open(mount.source, [.path]).status().specialDevice]
    }

    /// The disk is found by the mount table, so that no path of a user's is opened.
    private func throttles() throws -> [IOThrottle] {
        guard let limits = spec.resources.io, !limits.isEmpty else { return [] }
        let devices = IODevices()
        let mounts = try MountTable()
        var throttles: [IOThrottle] = []
        for limit in limits {
            // Scratch in an image of its own lies on a loop device, whatever disk carries the image.
            let path = try limit.path ?? scratch.flatMap { $0.hostPath == nil ? nil : try $0.directory.path() }
            guard let path, let mount = mounts.holding(path) else {
                throw LaunchError(operation: "io limit: no disk carries \(path ?? "a scratch in memory")", errno: "ENODEV")
            }
            let loops = try loopDevices(mount)
            // A loop device's file may lie in memory, where no disk can be throttled but the device can.
            let disks = loops.isEmpty ? try devices.disks(of: mount.device) : (try? devices.disks(of: mount.device)) ?? []
            for disk in disks + loops {
                throttles.append(
                    IOThrottle(
                        device: disk, readBytesPerSecond: limit.readBytesPerSecond, writeBytesPerSecond: limit.writeBytesPerSecond,
                        readOperationsPerSecond: limit.readOperationsPerSecond, writeOperationsPerSecond: limit.writeOperationsPerSecond))
            }
        }
        return throttles
    }
}

extension GroupLimits {
    /// Takes cpus and memory nodes out of the limits.
    fileprivate mutating func takePlacement() -> GroupLimits {
        var placement = GroupLimits()
        (placement.cpus, placement.memoryNodes) = (cpus, memoryNodes)
        (cpus, memoryNodes) = (nil, nil)
        return placement
    }

    /// The limits that a placement and a demand stand for.
    init(_ record: AttemptRecord, _ job: JobRecord, sharedPool: CpuSet?, throttles: [IOThrottle]) {
        self.init()
        cpus = record.placement.shared ? sharedPool ?? record.placement.cpus : record.placement.cpus
        memoryNodes = record.placement.memoryNodes
        if record.placement.shared { cpuQuota = CpuQuota(cpus: Double(job.demand.cpuMillis) / 1000) }
        // A whole cpu weighs what a group weighs by default, 100: where cpus are contended, jobs share them as they asked for them.
        let millis = record.placement.shared ? job.demand.cpuMillis : job.demand.cores * 1000
        cpuWeight = UInt64(min(max(millis / 10, 1), 10_000))
        memory = job.demand.memory
        memorySoft = job.spec.resources.memorySoft
        swap = job.demand.swap
        hugePages = job.demand.hugePages ?? []
        ioWeight = job.spec.resources.ioWeight.map { UInt64($0) }
        pids = UInt64(job.demand.pids)
        io = throttles
    }
}

/// Resource limits by name (getrlimit(2)), as numbered on x86-64 and arm64.
enum ResourceLimitName {
    private static let names = [
        "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice",
        "rtprio", "rttime",
    ]

    static func number(_ name: String) -> UInt8? {
        let plain = name.lowercased().replacing("rlimit_", with: "")
        return names.firstIndex(of: plain).map { UInt8($0) }
    }
}
