public import JobModel
internal import LinuxSys

/// The scratch of all attempts of one machine: upper and work directories whose limit the kernel holds.
///
///     root/                  0700
///       lock
///       spaces/ or mount/    a directory or a subvolume each: `new-…` being made, `ready-…` prepared,
///                            `12.3#2` of an attempt, `gone-…` being removed
///       scratch.btrfs        where the state file system has no project quotas
public actor ScratchStore {
    private let settings: ScratchSettings
    private let root: Descriptor
    private let lock: Descriptor
    private var disk: any ScratchBackend
    private var ready: [String] = []
    private var promised: [AttemptID: Bytes] = [:]
    private var inMemory: [AttemptID: ScratchSpace] = [:]
    private let removals = BlockingWork.Crew()
    private var isRefilling = false
    private var isTornDown = false
    private nonisolated let thread = SerialThread("berth.scratch")

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Calls the store from a thread that may block, which is cheaper than two changes of threads.
    public nonisolated func blocking<T: Sendable>(_ body: (isolated ScratchStore) throws -> T) rethrows -> T {
        try thread.sync { try assumeIsolated(body) }
    }

    /// What holds limits of scratch on disk here.
    public nonisolated let diskLimit: ScratchLimitKind

    init(settings: ScratchSettings, root: Descriptor, lock: Descriptor, disk: any ScratchBackend) {
        self.settings = settings
        self.root = root
        self.lock = lock
        self.disk = disk
        diskLimit = disk.kind
    }

    /// Opens the store: adopts the scratch of attempts in `running`, removes every other, prepares some ahead.
    public static func open(_ settings: ScratchSettings, running: Set<AttemptID>) async throws(ImageError) -> ScratchStore {
        let store = try await BlockingWork.run { () throws(ImageError) in
            try onHost { () throws(SystemError) in
                let root = try makePrivateDirectory(settings.root, mode: 0o700)
                let lock = try takeLock(in: root, settings.root)
                return ScratchStore(settings: settings, root: root, lock: lock, disk: try makeBackend(settings, root))
            }
        }
        try await store.load(running: running)
        return store
    }

    private static func makeBackend(_ settings: ScratchSettings, _ root: Descriptor) throws(SystemError) -> any ScratchBackend {
        let wanted = settings.forced ?? (ProjectQuota.isEnforced(on: root) ? .projectQuota : .subvolumeQuota)
        if wanted == .projectQuota { return try ProjectScratch(root: root) }
        let size = max(settings.minimumImageBytes, Bytes(try root.fileSystemStatus().totalBytes))
        return try SubvolumeScratch(path: settings.root, root: root, size: size)
    }

    func load(running: Set<AttemptID>) async throws(ImageError) {
        for name in try onHost({ () throws(SystemError) in try disk.spaces.names() }) {
            if let attempt = AttemptID(name), running.contains(attempt) {
                promised[attempt] = .zero
            } else if name.hasPrefix("ready-") {
                ready.append(name)
            } else {
                try onHost { () throws(SystemError) in try disk.remove(name) }
            }
        }
        try onHost { () throws(SystemError) in while ready.count < settings.prepared { try prepareOne() } }
    }

    // MARK: Spaces

    /// Gives an attempt its scratch, once; again the same for the same attempt.
    ///
    /// - Parameters:
    ///   - inodes: the most files; without it, one for every 16 KiB. Held where `limitedBy.limitsInodes`.
    ///   - uid: the root of the job's slot, which owns the top directory.
    public func take(
        for attempt: AttemptID, kind: ScratchKind, bytes: Bytes, inodes: Int?, uid: UInt32, gid: UInt32
    ) throws(ImageError) -> ScratchSpace {
        if let space = try find(attempt) { return space }
        guard !isTornDown, bytes.count > 0 else {
            throw .invalid("scratch of \(attempt): found \(bytes), accepted is more than 0 of an open store")
        }
        let files = inodes ?? Int(max(bytes.count / max(settings.bytesPerInode, 1), 1024))
        return try onHost { () throws(SystemError) in
            switch kind {
            case .memory: try takeMemory(attempt, bytes, files, uid, gid)
            case .disk: try takeDisk(attempt, bytes, files, uid, gid)
            }
        }
    }

    /// The scratch that an attempt has; nil if none, or one in memory from before the daemon's start (its overlay alone holds that).
    public func find(_ attempt: AttemptID) throws(ImageError) -> ScratchSpace? {
        if let space = inMemory[attempt] { return space }
        guard promised[attempt] != nil else { return nil }
        return try onHost { () throws(SystemError) in try open(attempt) }
    }

    /// Removes an attempt's scratch with everything in it, by descriptor; nothing happens if it has none.
    public func remove(_ attempt: AttemptID) throws(ImageError) {
        // With its last descriptor the file system goes, for which the kernel waits until nobody looks at it any more.
        if let space = inMemory.removeValue(forKey: attempt) { removals.start { withExtendedLifetime(space) {} } }
        guard promised.removeValue(forKey: attempt) != nil else { return }
        let gone = "gone-" + StoreFiles.randomName()
        do throws(SystemError) { try disk.spaces.rename(attempt.description, to: gone) } catch {
            // All of it goes when another takes its place.
            if isBroken { return }
            throw ImageError(error)
        }
        let backend = disk
        // What cannot be removed now is removed at the next start.
        removals.start { try? backend.remove(gone) }
    }

    /// What an attempt's scratch holds, on btrfs as of its last commit (30 s at most); nil if it has none that is known.
    public func usage(of attempt: AttemptID) throws(ImageError) -> ScratchUsage? {
        guard let space = try find(attempt) else { return nil }
        return try onHost { () throws(SystemError) in
            if space.limitedBy != .memory { return try disk.usage(of: space.directory) }
            let status = try space.directory.fileSystemStatus()
            return ScratchUsage(
                bytes: Bytes(status.totalBytes - status.availableBytes), inodes: Int(status.totalInodes - status.freeInodes))
        }
    }

    /// Bytes of disk that scratch can be promised in all; what else is on the file system is taken off. What adopted attempts have used already is
    /// part of it, since it was promised to them.
    public func capacity() throws(ImageError) -> Bytes {
        try onHost { () throws(SystemError) in
            let host = try root.fileSystemStatus()
            let image = try? root.status(at: "scratch.btrfs").allocatedBytes
            return Bytes(host.availableBytes) + Bytes(UInt64(max(image ?? 0, 0))) + (try usedOnHost())
        }
    }

    /// By attempts, where they lie on the host's file system itself and not in the image.
    private func usedOnHost() throws(SystemError) -> Bytes {
        guard disk.kind == .projectQuota else { return .zero }
        var sum = Bytes.zero
        for attempt in promised.keys {
            sum = sum + (try disk.usage(of: disk.spaces.open(at: attempt.description, [.directory, .noFollow])).bytes)
        }
        return sum
    }

    private var isBroken: Bool { (try? disk.spaces.fileSystemStatus().isReadOnly) ?? false }

    /// Attempts that have scratch on disk.
    public func attempts() -> Set<AttemptID> { Set(promised.keys).union(inMemory.keys) }

    /// Ends the use of the store and leaves everything to the next daemon, running attempts' scratch above all.
    public func close() async throws(ImageError) {
        isTornDown = true
        inMemory = [:]
        await removals.waitUntilIdle()
        disk.spaces.close()
        try onHost { () throws(SystemError) in try lock.unlock() }
    }

    /// Takes everything down: no mount and no loop device is left. Refused while attempts have scratch; every `ScratchSpace` must be gone.
    public func tearDown() async throws(ImageError) {
        guard promised.isEmpty else { throw .inUse("scratch: \(promised.count) attempts have some") }
        guard !isTornDown else { return }
        isTornDown = true
        inMemory = [:]
        ready = []
        await removals.waitUntilIdle()
        try onHost { () throws(SystemError) in
            if !isBroken { for name in try disk.spaces.names() { try disk.remove(name) } }
            try lock.unlock()
            try disk.tearDown()
        }
    }
}

// MARK: - Making spaces

extension ScratchStore {
    private func takeDisk(
        _ attempt: AttemptID, _ bytes: Bytes, _ inodes: Int, _ uid: UInt32, _ gid: UInt32
    ) throws(SystemError) -> ScratchSpace {
        try renewIfBroken()
        if ready.isEmpty { try prepareOne() }
        let name = ready.removeLast()
        refillSoon()
        let directory = try disk.spaces.open(at: name, [.directory, .noFollow])
        try disk.limit(directory, bytes: bytes, inodes: inodes)
        try directory.changeOwner(of: "upper", uid: uid, gid: gid)
        try disk.spaces.rename(name, to: attempt.description, mode: .noReplace)
        promised[attempt] = bytes
        return try space(attempt, directory, disk.kind)
    }

    /// Attempts that have scratch on the broken one keep it, unseen, as long as they run.
    private func renewIfBroken() throws(SystemError) {
        guard let fresh = try disk.renewed() else { return }
        disk = fresh
        ready = []
        promised = [:]
    }

    private func takeMemory(
        _ attempt: AttemptID, _ bytes: Bytes, _ inodes: Int, _ uid: UInt32, _ gid: UInt32
    ) throws(SystemError) -> ScratchSpace {
        let context = try FileSystemContext(type: "tmpfs")
        try context.set("size", String(bytes.count))
        // Root, upper, work and overlayfs' own directory in it are not the job's.
        try context.set("nr_inodes", String(inodes + 4))
        try context.set("mode", "0700")
        try context.create()
        let mount = try context.mount([.noSetUID, .noDevices, .noAccessTime])
        try mount.makeDirectory("upper", mode: 0o755)
        try mount.makeDirectory("work", mode: 0o700)
        try mount.changeOwner(of: "upper", uid: uid, gid: gid)
        let space = try space(attempt, mount, .memory)
        inMemory[attempt] = space
        return space
    }

    private func open(_ attempt: AttemptID) throws(SystemError) -> ScratchSpace {
        try space(attempt, try disk.spaces.open(at: attempt.description, [.directory, .noFollow]), disk.kind)
    }

    private func space(_ attempt: AttemptID, _ directory: Descriptor, _ kind: ScratchLimitKind) throws(SystemError) -> ScratchSpace {
        ScratchSpace(
            attempt: attempt, limitedBy: kind, directory: directory, upper: try directory.open(at: "upper", [.directory, .noFollow]),
            work: try directory.open(at: "work", [.directory, .noFollow]), hostPath: kind == .memory ? nil : settings.root)
    }

    private func prepareOne() throws(SystemError) {
        let (new, name) = ("new-" + StoreFiles.randomName(), "ready-" + StoreFiles.randomName())
        do throws(SystemError) {
            try disk.make(new)
            // Only what is whole is called ready: a daemon that is killed here leaves a part to the next, which takes what is ready as it is.
            try disk.spaces.rename(new, to: name, mode: .noReplace)
        } catch {
            try? disk.remove(new)
            throw error
        }
        ready.append(name)
    }

    private func refillSoon() {
        guard !isRefilling else { return }
        isRefilling = true
        Task { await refill() }
    }

    /// One at a time, so that a start that comes meanwhile is not kept waiting.
    private func refill() async {
        while !isTornDown, ready.count < settings.prepared {
            do throws(SystemError) { try prepareOne() } catch { break }
            await Task.yield()
        }
        isRefilling = false
    }
}
