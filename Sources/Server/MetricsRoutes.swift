import API
import Controller
import Hummingbird
import HummingbirdCore
import JobModel
import LinuxSys
import NIOCore
import NodeAgent
import ServiceLifecycle
import Telemetry

/// Where a server listens on TCP.
public struct NetworkAddress: Hashable, Sendable {
    /// Numeric, without brackets.
    public var host: String
    public var port: Int
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

extension BerthServer {
    func addMetricsRoute(to router: Router<BerthContext>) {
        let controller = parts.controller
        add(.metrics, to: router) { _, _, peer in
            try await controller.require(.node, peer)
            return await metricsReply()
        }
    }

    /// `GET /metrics` on TCP, for Prometheus, which fetches from no Unix socket. It tells of no user and no job, and serves nothing else.
    func metricsApplication(_ address: NetworkAddress) -> any Service {
        let router = Router()
        router.get("metrics") { _, _ in await metricsReply() }
        return Application(
            router: router, server: .http1(configuration: .init(additionalChannelHandlers: [IdleHandler(Self.patience, QuietChannels())])),
            configuration: .init(
                address: .hostname(address.host, port: address.port), serverName: "berthd",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)), logger: logger)
    }

    private static let patience = TimeAmount.seconds(60)
    private static let mostConnections = 32

    private func metricsReply() async -> Response {
        let text = Exposition.text(parts.metrics, await samples())
        return Response(
            status: .ok, headers: [.contentType: Exposition.contentType, .contentLength: "\(text.utf8.count)"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// What is looked up when someone asks.
    private func samples() async -> [Sample] {
        let (facts, use) = (parts.node, await parts.controller.nodeUse())
        var samples = [
            Sample(.info, 1, ["version": parts.version, "node": facts.name, "kernel": facts.kernel, "cgroup": facts.cgroupLayout]),
            Sample(.storageUp, use.isStorageUp ? 1 : 0),
            Sample(.connections, Double(connections.count)),
            Sample(.processStart, Double(parts.startedAt.milliseconds) / 1000),
        ]
        for queue in await parts.controller.queues { samples += Self.tasks(queue.name, use.countsByQueue[queue.name] ?? TaskCounts()) }
        samples += Self.resources(facts, use)
        let directory = parts.agent.services.settings.stateDirectory
        samples += (try? await parts.agent.services.blocking.run { Self.diskAndProcess(directory) }) ?? []
        return samples
    }

    private static func tasks(_ queue: String, _ counts: TaskCounts) -> [Sample] {
        // `held` is a part of what is pending; the states of one metric are to add up.
        let states = [
            ("pending", counts.pending - counts.held), ("held", counts.held), ("running", counts.running), ("paused", counts.paused),
        ]
        return states.map { Sample(.tasks, Double($0.1), ["queue": queue, "state": $0.0]) }
    }

    private static func resources(_ facts: NodeFacts, _ use: NodeUse) -> [Sample] {
        let exclusive = use.usedCpus.subtracting(facts.reservedCpus)
        let shared = use.sharedCpus.subtracting(facts.reservedCpus).subtracting(exclusive)
        let free = facts.shape.allCpus.subtracting(facts.reservedCpus).subtracting(exclusive).subtracting(shared)
        var samples = [("reserved", facts.reservedCpus), ("exclusive", exclusive), ("shared", shared), ("free", free)]
            .map { Sample(.cores, Double($0.1.count), ["use": $0.0]) }
        samples += split(.memory, total: facts.shape.memory, reserved: facts.reservedMemory, jobs: use.usedMemory)
        if let total = facts.scratchTotal { samples += split(.scratch, total: total, reserved: .zero, jobs: use.usedScratch) }
        for resource in facts.named {
            let taken = use.usedInstances[resource.name]?.count ?? 0
            samples.append(Sample(.instances, Double(taken), ["resource": resource.name, "use": "taken"]))
            samples.append(Sample(.instances, Double(resource.instances.count - taken), ["resource": resource.name, "use": "free"]))
        }
        return samples
    }

    private static func split(_ metric: Metric, total: Bytes, reserved: Bytes, jobs: Bytes) -> [Sample] {
        [("reserved", reserved), ("jobs", jobs), ("free", total - reserved - jobs)].map { Sample(metric, Double($0.1.count), ["use": $0.0]) }
    }

    /// What cannot be read is left out.
    private static func diskAndProcess(_ directory: String) -> [Sample] {
        var samples: [Sample] = []
        if let state = try? Descriptor.open(directory, [.path, .directory]) {
            let sizes = ["berth.db", "berth.db-wal"].compactMap { try? state.open(at: $0, [.path]).status().size }
            if !sizes.isEmpty { samples.append(Sample(.databaseSize, Double(sizes.reduce(0, +)))) }
            if let free = try? state.fileSystemStatus().availableBytes { samples.append(Sample(.stateFree, Double(free))) }
        }
        guard let process = try? ProcessUse() else { return samples }
        return samples + [
            Sample(.processCpu, Double(process.cpuMicroseconds) / 1e6), Sample(.processMemory, Double(process.residentBytes)),
            Sample(.processOpenFiles, Double(process.openFiles)), Sample(.processMostFiles, Double(process.mostFiles)),
            Sample(.processThreads, Double(process.threads)),
        ]
    }
}
