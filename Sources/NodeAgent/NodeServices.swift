import API
public import Cgroups
public import Containers
public import Images
public import JobModel
import LinuxSys
public import Logging
import OCISpec
import Synchronization

/// What every attempt of this machine needs: runtime, groups, images, scratch, ids. Made once; shared by all supervisors.
public final class NodeServices: Sendable {
    public let settings: AgentSettings
    public let clock: any AgentClock
    public let reactor: Reactor
    public let groups: GroupParent
    public let images: ImageStore
    public let scratch: ScratchStore
    public let roots: RootFilesystem
    public let slots: SlotTable
    public let logs: LogStore
    /// Of the state directory and the logs in it.
    public let room: StateRoom
    public let identities: IdentityCache
    let logWatch: LogWatch
    let accounts = AccountCache()
    public let filters: SeccompCache
    let work: WorkQueue
    /// For blocking calls of the server: whoever asks waits for no job.
    public let blocking = WorkQueue("requests", width: 8)
    let starts: WorkQueue
    /// For words of helpers that look into jobs, each of which may be long in coming.
    let inspecting = WorkQueue("inspecting", width: 2 * InspectLimit.inAll)
    let inspections = Inspections()
    let spares: SparePool
    let logger: Logger
    /// Directories that no bind may be, contain or lie under.
    let protected: [Descriptor]
    /// `v1`, `hybrid` or `v2`.
    public var cgroupLayout: String { groups.layout.kind.rawValue }
    private let current: Mutex<Present>
    private let stopping = Mutex(false)
    /// The launcher's end is wanted from now on.
    var isStopping: Bool { stopping.withLock { $0 } }
    private let runRoot: String

    private struct Present {
        var runtime: ContainerRuntime
        var lives = true
    }

    /// The runtime of the present launcher, or of the last one while there is none.
    public var runtime: ContainerRuntime { current.withLock { $0.runtime } }
    /// Whether starts can be asked for; false from the launcher's death until another holds the lock.
    var launcherLives: Bool { current.withLock { $0.lives } }

    /// Attempts that an earlier daemon may have begun.
    let inherited: Set<AttemptID>
    /// The attempts that were given to this machine and not released yet.
    let attempts = Mutex<Set<AttemptID>>([])
    /// Whose a group is: it bears the attempt's name, or that of a PID 1 that was cloned ahead.
    private let groupOwners: Mutex<[String: AttemptID]>

    /// The attempt whose processes are in a group of this name.
    public func attempt(inGroup name: String) -> AttemptID? { groupOwners.withLock { $0[name] } }

    func note(_ group: String?, of attempt: AttemptID?) {
        if let group { groupOwners.withLock { $0[group] = attempt } }
    }

    /// Slots are for ever: none for an id that is nobody's. Blocks on a directory service.
    func slot(of user: UserID) throws -> UInt32 {
        guard try accounts.entry(of: user.value) != nil else { throw AccountMissing(user: user) }
        return try slots.knownSlot(of: user) ?? slots.slot(of: user)
    }

    /// The slots as a backup keeps them. Blocks.
    public func slotsText() throws -> String { try slots.text() }

    /// The job with the largest number that has logs. Blocks.
    public func newestLog() -> JobID? { logs.newest() }

    private init(_ parts: Parts) {
        settings = parts.settings
        clock = parts.clock
        reactor = parts.reactor
        groups = parts.groups
        images = parts.images
        scratch = parts.scratch
        roots = RootFilesystem()
        slots = parts.slots
        logs = parts.logs
        room = StateRoom(parts.settings.stateDirectory, reserveShortage: parts.settings.reserveShortage)
        identities = IdentityCache(slots: parts.slots)
        logWatch = LogWatch(reactor: parts.reactor)
        filters = parts.filters
        work = WorkQueue("agent", width: 8)
        starts = WorkQueue("starts", width: parts.settings.simultaneousStarts)
        logger = parts.logger
        let token = String(UInt32.random(in: 0 ... .max), radix: 36)
        spares = SparePool(size: parts.settings.spares, token: token, groups: parts.groups, work: work, reactor: parts.reactor, logger: parts.logger)
        let names = parts.inherited.compactMap { attempt in parts.runtime.groupName(of: containerName(attempt)).map { ($0, attempt) } }
        groupOwners = Mutex(Dictionary(names) { first, _ in first })
        protected = parts.protected
        current = Mutex(Present(runtime: parts.runtime))
        runRoot = parts.runRoot
        inherited = parts.inherited
    }

    private struct Parts {
        let settings: AgentSettings
        let clock: any AgentClock
        let reactor: Reactor
        let groups: GroupParent
        let images: ImageStore
        let scratch: ScratchStore
        let slots: SlotTable
        let logs: LogStore
        let filters: SeccompCache
        let logger: Logger
        let protected: [Descriptor]
        let runtime: ContainerRuntime
        let runRoot: String
        let inherited: Set<AttemptID>
    }

    /// Starts the launcher, which takes the lock before anything is scanned, then opens the stores.
    ///
    /// - Parameter running: attempts whose images and scratch are kept.
    public static func open(
        _ settings: AgentSettings, clock: any AgentClock, running: Set<AttemptID>, logger: Logger
    ) async throws -> NodeServices {
        let host = WorkQueue("setup", width: 1)
        let runRoot = "\(settings.runDirectory)/attempts-\(clock.bootID)"
        let (reactor, runtime, groups, slots, logs, filters, protected) = try await host.run {
            let state = try directory(settings.stateDirectory, mode: 0o711)
            let run = try directory(settings.runDirectory, mode: 0o755)
            _ = try directory(runRoot, mode: 0o700)
            // Here, so that it is protected from its first day.
            _ = try directory(settings.imageDirectory, mode: 0o700)
            let reactor = try Reactor()
            let runtime = try launch(settings.initProgram, runRoot, reactor, logger)
            forgetEarlierBoots(run, now: clock.bootID)
            let leases = settings.isMachineWide ? nil : "/run/berth"
            let slots = SlotTable(range: settings.slots, directory: state, leaseDirectory: leases, statePath: settings.stateDirectory)
            // Before anybody is given one.
            for problem in try settings.restoredSlots.map(slots.restore) ?? [] { logger.warning("slots: \(problem); the former stays") }
            let logs = try LogStore(directory: directory("\(settings.stateDirectory)/logs", mode: 0o700))
            let filters = try SeccompCache(path: settings.seccompProfile)
            let paths = [settings.stateDirectory, settings.runDirectory, settings.imageDirectory] + settings.protectedDirectories
            let protected = try paths.compactMap(openIfThere)
            // Last, because they would stay behind when something else is not as it should be.
            let groups = try GroupParent(layout: CgroupLayout.discover(), name: settings.cgroupParent)
            return (reactor, runtime, groups, slots, logs, filters, protected)
        }
        let images: ImageStore
        let scratch: ScratchStore
        do {
            images = try await ImageStore.open(imageSettings(settings, clock), running: running)
            scratch = try await ScratchStore.open(
                ScratchSettings(root: "\(settings.stateDirectory)/scratch", prepared: settings.preparedScratch), running: running)
        } catch {
            runtime.stop()
            reactor.stop()
            if running.isEmpty { try? await host.run { try groups.remove() } }
            throw error
        }
        // Scratch is mounted by now.
        try await host.run { groups.countIO(onMounts: try MountTable()) }
        // Nothing of an earlier daemon runs, and its scratch went with the opening.
        if running.isEmpty { try await host.run { try slots.renewLeases() } }
        return NodeServices(
            Parts(
                settings: settings, clock: clock, reactor: reactor, groups: groups, images: images, scratch: scratch, slots: slots, logs: logs,
                filters: filters, logger: logger, protected: protected, runtime: runtime, runRoot: runRoot,
                inherited: running))
    }

    /// On a tmpfs they went with their boot. Nothing of theirs runs, whatever their stamps say: pids are given again.
    private static func forgetEarlierBoots(_ runDirectory: Descriptor, now bootID: String) {
        let names = (try? runDirectory.names()) ?? []
        for name in names where name.hasPrefix("attempts-") && name != "attempts-\(bootID)" { _ = try? removeTree(at: runDirectory, name) }
    }

    private static func imageSettings(_ settings: AgentSettings, _ clock: any AgentClock) -> ImageStoreSettings {
        var limits = ImportLimits()
        if let given = settings.imageLimits {
            limits.unpackedBytes = given.bytes.count
            limits.entries = given.files
        }
        // The database lies with the state; what images take elsewhere is no concern of its.
        let device = { (path: String) in try? Descriptor.open(path, [.path, .directory]).status().device }
        let isSameDisk = device(settings.imageDirectory) == device(settings.stateDirectory)
        return ImageStoreSettings(
            root: settings.imageDirectory, leases: "\(settings.runDirectory)/image-leases", helper: settings.helperProgram, limits: limits,
            keptFree: isSameDisk ? settings.keptFree : .zero, now: { clock.now().wall })
    }

    private static func openIfThere(_ path: String) throws(SystemError) -> Descriptor? {
        do throws(SystemError) { return try Descriptor.open(path, [.path, .directory]) } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    private static func directory(_ path: String, mode: UInt32) throws(SystemError) -> Descriptor {
        var at = try Descriptor.open("/", [.path, .directory])
        let parts = path.split(separator: "/").map(String.init)
        for (position, part) in parts.enumerated() {
            do throws(SystemError) { try at.makeDirectory(part, mode: position == parts.count - 1 ? mode : 0o755) } catch {
                if !error.alreadyExists { throw error }
            }
            at = try at.open(at: part, [.readOnly, .directory])
        }
        return at
    }

    /// Waits as long as it takes, because only then nothing of an earlier launcher can appear any more; but it tells why it waits.
    private static func launch(_ program: String, _ runRoot: String, _ reactor: Reactor, _ logger: Logger) throws(LaunchError) -> ContainerRuntime {
        try ContainerRuntime(initProgram: program, runRoot: runRoot, reactor: reactor) { holders in
            logger.warning("a new launcher waits for an earlier one", metadata: ["holders": "\(holders)"])
        }
    }

    /// Starts a new launcher after the old one died. Blocks; call on a queue.
    func restartLauncher() throws {
        let fresh = try Self.launch(settings.initProgram, runRoot, reactor, logger)
        let old = current.withLock { current in
            defer { current = Present(runtime: fresh) }
            return current.runtime
        }
        old.stop()
    }

    /// Notes that a launcher is gone, unless another took its place already.
    func launcherDied(_ runtime: ContainerRuntime) {
        current.withLock { current in if current.runtime === runtime { current.lives = false } }
    }

    /// Ends launcher and threads; what runs goes on. When nothing does, scratch and groups are taken down, so that no mount, loop device or
    /// group is left.
    public func shutDown() async {
        stopping.withLock { $0 = true }
        // What stands still for a look alone goes on.
        await inspections.close()
        spares.close(runtime)
        runtime.stop()
        // One that was just being made notices that by now, and its groups are in the way of the parent's end.
        await spares.waitUntilIdle()
        // So are those of a plan that was being made; no other is begun.
        await starts.drain()
        await work.drain()
        try? await images.close()
        // Scratch in memory is not found again after a restart of the daemon, so it does not tell whether jobs go on.
        let hasScratch = await !scratch.attempts().isEmpty
        let isIdle = !hasScratch && attempts.withLock { $0.isEmpty }
        let (groups, slots, scratch) = (groups, slots, scratch)
        if isIdle {
            // What cannot go is no reason to leave the rest; but its ids stay taken.
            let isScratchGone = await takingDown { try await scratch.tearDown() }
            let areGroupsGone = await takingDown { [work] in try await work.run { try groups.remove() } }
            if isScratchGone, areGroupsGone { await takingDown { [work] in try await work.run { try slots.returnLeases() } } }
        } else {
            await takingDown { try await scratch.close() }
        }
        reactor.stop()
    }

    /// False when something is left.
    @discardableResult
    private func takingDown(_ step: () async throws -> Void) async -> Bool {
        do {
            try await step()
            return true
        } catch {
            logger.warning("something is left for the next daemon", metadata: ["error": "\(error)"])
            return false
        }
    }
}
