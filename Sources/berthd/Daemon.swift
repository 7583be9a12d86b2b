import API
import Containers
import CoreMetrics
import Controller
import DaemonConfiguration
import Database
import Images
import JobModel
import JobStore
import LinuxSys
import Logging
import NodeAgent
import Scheduling
import Server
import Telemetry
import Topology

/// Puts the parts together and runs until a signal comes.
struct Daemon {
    let settings: Settings

    func run() async throws {
        let logger = makeLogger()
        // Before the parts are made: what counts is asked for then.
        let metrics = MetricStore()
        MetricsSystem.bootstrap(metrics)
        ignoreBrokenPipes(true)
        let clock = try SystemClock()
        let place = Place(settings)
        try place.prepare()
        // First: its lock refuses a second daemon on the same state.
        var options = SQLiteStore.Options()
        options.reserve = settings.diskReserve
        let store = try SQLiteStore.open(directory: settings.stateDirectory, options: options)
        let state = StoreState(try await store.snapshot())
        var agentSettings = try agentSettings(place, store.reserve)
        let restored = try await store.nodeEntry(.restored, key: Self.slotsEntry)
        agentSettings.restoredSlots = restored.map { String(decoding: $0, as: UTF8.self) }
        let services = try await NodeServices.open(agentSettings, clock: clock, running: Set(state.attempts.keys), logger: logger)
        if restored != nil {
            _ = try await store.commit(StoreTransaction(node: [.remove(.restored, key: Self.slotsEntry)]))
            logger.notice("started on a backup", metadata: ["jobs": "\(state.jobs.count)", "attempts": "\(state.attempts.count)"])
        }
        let agent = Agent(services: services)
        let shape = try TopologyReader().machineShape()
        let controller = Controller(
            store: store, agent: agent, clock: clock, surroundings: surroundings(services, store),
            settings: try await controllerSettings(shape, services, store),
            scheduler: Scheduling.State(shape: shape, settings: try await schedulerSettings(shape, services, store)), logger: logger)
        await agent.report(to: controller)
        try await controller.start()
        await controller.beginUpkeep()
        let server = BerthServer(try await serverParts(controller, agent, store, shape, clock, metrics, logger))
        let signals = try SignalSource([1, 2, 15])
        logger.notice("berthd \(Version.text) is up", metadata: ["socket": "\(settings.socket)", "state": "\(settings.stateDirectory)"])
        let watchdog = Task { await Readiness.keepAlive(controller) }
        try await serve(server, until: signals, services)
        watchdog.cancel()
        Readiness.tellStopping()
        logger.notice("stopping; jobs go on")
        await controller.shutDown()
        await services.shutDown()
        store.close()
    }

    private func serve(_ server: BerthServer, until signals: SignalSource, _ services: NodeServices) async throws {
        let signalled = AsyncStream<Void>.makeStream()
        try services.reactor.watch(signals.descriptor, .readable) { _ in
            signalled.continuation.yield()
            signalled.continuation.finish()
            return false
        }
        try await server.run(until: { for await _ in signalled.stream {} }, ready: { Readiness.tell() })
    }

    private func makeLogger() -> Logger {
        var logger = Logger(label: "berthd") { label -> any LogHandler in
            settings.logFormat == .json ? JSONLogHandler() : StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        return logger
    }

    /// The name under which a backup carries the users' slots.
    private static let slotsEntry = "slots"

    // MARK: Settings of the parts

    private func agentSettings(_ place: Place, _ reserve: DiskReserve?) throws -> AgentSettings {
        var result = try place.agentSettings()
        result.keptFree = reserve?.wanted ?? .zero
        if let reserve {
            let path = settings.stateDirectory
            result.reserveShortage = { reserve.shortage }
            result.reserveCheck = { reserve.check(path) }
        }
        return result
    }

    /// What is kept for the database is nobody's scratch.
    private func scratchCapacity(_ services: NodeServices, _ store: SQLiteStore) async throws -> Bytes {
        try await services.scratch.capacity() - (store.reserve?.wanted ?? .zero)
    }

    private func controllerSettings(_ shape: MachineShape, _ services: NodeServices, _ store: SQLiteStore) async throws -> ControllerSettings {
        var result = ControllerSettings()
        result.defaults = settings.defaults
        // A default is no wish: it is cut so that a job on each core fits on a small disk, while what a job asks for itself is refused if too much.
        let share = Bytes(try await scratchCapacity(services, store).count / UInt64(max(shape.cpus.count, 1)))
        result.defaults.scratch = min(result.defaults.scratch, max(share, .mebibytes(1)))
        result.site = settings.site
        result.queues = settings.queues
        result.nodeName = ((try? readTextFile("/proc/sys/kernel/hostname")) ?? "localhost").filter { !$0.isWhitespace }
        result.access = Access(
            operators: try GroupAccount(name: settings.operatorsGroup).map { GroupID($0.gid) }, operatorsInspect: settings.inspectByOperators)
        result.perUser = settings.perUser
        result.perBatch = settings.perBatch
        result.retention = settings.retention
        return result
    }

    private func schedulerSettings(
        _ shape: MachineShape, _ services: NodeServices, _ store: SQLiteStore
    ) async throws -> Scheduling.State.Settings {
        Scheduling.State.Settings(
            reservedCores: settings.reserved.cores(of: shape.cpus.count), reservedMemory: settings.reserved.memory(of: shape.memory),
            scratchCapacity: try await scratchCapacity(services, store), named: settings.resources, queues: settings.queues,
            userLimits: settings.perUser, batchLimits: settings.perBatch)
    }

    private func surroundings(_ services: NodeServices, _ store: SQLiteStore) -> Surroundings {
        let (images, work) = (services.images, services.blocking)
        var result = Surroundings(
            resolveImage: { name, user, login in
                guard let reference = ImageReference(name) else { return nil }
                // Others' images are not to be had, by whatever name.
                if let user = reference.user, user != login { return nil }
                return (try? await images.show(reference, for: (user, login))).map { "\($0.name)" }
            },
            userNumber: { text in
                if let number = UInt32(text) { return UserID(number) }
                return (try? await work.run { try UserAccount(name: text).map { UserID($0.uid) } }) ?? nil
            },
            userName: { user in (try? await work.run { try UserAccount(uid: user.value)?.name }) ?? nil ?? "\(user)" })
        let room = services.room
        result.diskShortage = { room.shortage.map { DiskShortage("\($0)", stopsSubmits: $0.isOfDatabase) } }
        result.scratchCapacity = { try? await scratchCapacity(services, store) }
        result.newestLog = { (try? await work.run { services.newestLog() }) ?? nil }
        result.mendDisk = { await store.mendReserve() }
        result.ioWeightProblem = { (try? await work.run { services.ioWeightProblem() }) ?? nil }
        return result
    }

    private func serverParts(
        _ controller: Controller, _ agent: Agent, _ store: SQLiteStore, _ shape: MachineShape, _ clock: SystemClock, _ metrics: MetricStore,
        _ logger: Logger
    ) async throws -> ServerParts {
        let services = agent.services
        let reserved = settings.reserved.cores(of: shape.cpus.count)
        let facts = NodeFacts(
            name: ((try? readTextFile("/proc/sys/kernel/hostname")) ?? "localhost").filter { !$0.isWhitespace },
            kernel: ((try? readTextFile("/proc/sys/kernel/osrelease")) ?? "").filter { !$0.isWhitespace }, shape: shape,
            reservedCpus: CpuSet(shape.allCpus.members.prefix(reserved)), reservedMemory: settings.reserved.memory(of: shape.memory),
            scratchTotal: try? await scratchCapacity(services, store), scratchMethod: services.scratch.diskLimit.rawValue,
            cgroupLayout: services.cgroupLayout, cgroupParent: services.settings.cgroupParent, named: settings.resources)
        var parts = ServerParts(
            controller: controller, agent: agent, socketPath: settings.socket, requestLimit: Int(settings.requests.size.count),
            connections: settings.requests.connections, connectionsPerUser: settings.requests.connectionsPerUser, idle: settings.requests.idle,
            version: Version.text,
            startedAt: clock.now().wall, pid: ProcessContext.processID, node: facts, logger: logger)
        parts.metrics = metrics
        parts.metricsAddress = settings.metricsListen.map { NetworkAddress(host: $0.host, port: $0.port) }
        parts.look = {
            let disk = store.reserve?.state
            return NodeLook(
                disk: disk.map { NodeReply.Disk(free: $0.free, reserve: $0.wanted, held: $0.held) },
                ioWeight: try? await services.blocking.run { services.ioWeightText() })
        }
        parts.backUp = {
            try await services.blocking.run {
                let slots = Array(try services.slotsText().utf8)
                do throws(DatabaseError) { return try store.copy(adding: [Self.slotsEntry: slots]) } catch {
                    if case .noRoom = error { throw APIError(.noSpace, "\(error)") }
                    throw error
                }
            }
        }
        return parts
    }
}
