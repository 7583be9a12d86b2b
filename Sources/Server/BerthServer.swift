public import API
public import Controller
import Hummingbird
public import JobModel
public import LinuxSys
public import Logging
import NIOCore
public import NodeAgent
import ServiceLifecycle
public import Telemetry

/// What the server serves.
public struct ServerParts: Sendable {
    public var controller: Controller
    public var agent: Agent
    public var socketPath: String
    /// Bounds that keep one client from holding up others.
    public var requestLimit: Int
    public var connections: Int
    public var connectionsPerUser: Int
    /// A client that neither reads nor writes for so long is dropped.
    public var idle: TimeSpan
    public var version: String
    public var startedAt: WallTime
    public var pid: Int32
    /// The machine, for `berth node`.
    public var node: NodeFacts
    /// What the daemon counts, and where on TCP it may be fetched; nil: on the socket alone.
    public var metrics = MetricStore()
    public var metricsAddress: NetworkAddress?
    public var look: @Sendable () async -> NodeLook = { NodeLook() }
    /// Makes a copy of the state in a file without a name.
    public var backUp: @Sendable () async throws -> Descriptor = { throw APIError(.unavailable, "this daemon keeps nothing") }
    public var logger: Logger

    public init(
        controller: Controller, agent: Agent, socketPath: String, requestLimit: Int, connections: Int, connectionsPerUser: Int, idle: TimeSpan,
        version: String, startedAt: WallTime, pid: Int32, node: NodeFacts, logger: Logger
    ) {
        self.controller = controller
        self.agent = agent
        self.socketPath = socketPath
        self.requestLimit = requestLimit
        self.connections = connections
        self.connectionsPerUser = connectionsPerUser
        self.idle = idle
        self.version = version
        self.startedAt = startedAt
        self.pid = pid
        self.node = node
        self.logger = logger
    }
}

/// What of the machine is looked up when it is asked for.
public struct NodeLook: Sendable {
    public var disk: NodeReply.Disk?
    public var ioWeight: String?
    public init(disk: NodeReply.Disk? = nil, ioWeight: String? = nil) {
        self.disk = disk
        self.ioWeight = ioWeight
    }
}

/// What of the machine does not change while the daemon runs.
public struct NodeFacts: Sendable {
    public var name: String
    public var kernel: String
    public var shape: MachineShape
    public var reservedCpus: CpuSet
    public var reservedMemory: Bytes
    public var scratchTotal: Bytes?
    public var scratchMethod: String
    public var cgroupLayout: String
    public var cgroupParent: String
    public var named: [NamedResource]

    public init(
        name: String, kernel: String, shape: MachineShape, reservedCpus: CpuSet, reservedMemory: Bytes, scratchTotal: Bytes?,
        scratchMethod: String, cgroupLayout: String, cgroupParent: String, named: [NamedResource]
    ) {
        self.name = name
        self.kernel = kernel
        self.shape = shape
        self.reservedCpus = reservedCpus
        self.reservedMemory = reservedMemory
        self.scratchTotal = scratchTotal
        self.scratchMethod = scratchMethod
        self.cgroupLayout = cgroupLayout
        self.cgroupParent = cgroupParent
        self.named = named
    }
}

/// HTTP with JSON on a Unix socket.
public struct BerthServer: Sendable {
    let parts: ServerParts
    let sessions: SessionTable
    let connections: Connections
    let requestMetrics = RequestMetrics()
    let quiet = QuietChannels()
    let large = LargeBodies()

    public init(_ parts: ServerParts) {
        self.parts = parts
        sessions = SessionTable(parts)
        connections = Connections(most: parts.connections, mostPerUser: parts.connectionsPerUser)
    }

    /// What is under way at the stop has so long to end.
    private static let stopGrace = Duration.milliseconds(500)

    /// Serves until `stop` returns. `ready` is called once the socket is there with its mode.
    public func run(until stop: @escaping @Sendable () async -> Void, ready: @escaping @Sendable () async -> Void) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [application(ready)] + (parts.metricsAddress.map { [metricsApplication($0)] } ?? []), logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.stopGrace
        let group = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let stopping = Task {
                await stop()
                // No new connections, then those without a request go; a cancellation would be told as an error of the server.
                await group.triggerGracefulShutdown()
            }
            defer { stopping.cancel() }
            do { try await tasks.waitForAll() } catch is CancellationError {}
        }
    }

    var logger: Logger {
        var logger = parts.logger
        logger[metadataKey: "part"] = "http"
        return logger
    }

    private func application(_ ready: @escaping @Sendable () async -> Void) -> any Service {
        let resolver = PeerResolver(
            parent: parts.agent.services.settings.cgroupParent, work: parts.agent.services.blocking
        ) { [controller = parts.controller, services = parts.agent.services] group in
            guard let attempt = services.attempt(inGroup: group) else { return nil }
            return await controller.jobInside(attempt)
        }
        let router = Router(context: BerthContext.self)
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: PeerMiddleware(connections: connections, resolver: resolver))
        addRoutes(to: router)
        let path = parts.socketPath
        // A socket of a daemon that died; two living ones are kept apart by the database's lock.
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        try? Descriptor.open(String(path[..<slash]), [.path, .directory]).unlink(String(path[path.index(after: slash)...]))
        let (idle, quiet) = (parts.idle, quiet)
        return Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionHandler(connections), IdleHandler(.milliseconds(idle.milliseconds), quiet)])),
            configuration: .init(address: .unixDomainSocket(path: path), serverName: "berthd"),
            onServerRunning: { [sessions] _ in
                // Everybody may connect; who may do what is decided by the peer's credentials (contract §8).
                try? Descriptor.open(path, [.path]).changeMode(0o666)
                await sessions.awaitClients()
                await ready()
            }, logger: logger)
    }

    private func addRoutes(to router: Router<BerthContext>) {
        addJobRoutes(to: router)
        addBatchRoutes(to: router)
        addImageRoutes(to: router)
        addNodeRoutes(to: router)
        addMetricsRoute(to: router)
        addStreamRoutes(to: router)
        addInspectRoute(to: router)
        addSessionRoutes(to: router)
    }

    /// Registers a route of the API's table.
    func add(
        _ route: Route, to router: Router<BerthContext>,
        _ handler: @escaping @Sendable (Request, BerthContext, Peer) async throws -> Response
    ) {
        let method: HTTPRequest.Method =
            switch route.method {
            case .get: .get
            case .post: .post
            case .delete: .delete
            }
        router.on(RouterPath(route.pattern), method: method) { [requestMetrics] request, context in
            try await requestMetrics.measuring(route) { try await handler(request, context, try context.requirePeer()) }
        }
    }
}
