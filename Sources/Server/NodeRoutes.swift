import API
import APIDescription
import Controller
import Hummingbird
import JobModel
import LinuxSys
import NIOCore
import NodeAgent

extension BerthServer {
    func addNodeRoutes(to router: Router<BerthContext>) {
        let (parts, controller) = (parts, parts.controller)
        add(.version, to: router) { _, _, _ in
            try reply(VersionReply(daemon: parts.version, pid: parts.pid, startedAt: parts.startedAt))
        }
        add(.openAPI, to: router) { _, _, _ in
            let document = try OpenAPIDocument.json(version: parts.version)
            return Response(
                status: .ok, headers: [.contentType: "application/json", .contentLength: "\(document.count)"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
        }
        add(.node, to: router) { _, _, peer in
            try await controller.require(.node, peer)
            return try reply(await Self.node(parts))
        }
        add(.use, to: router) { _, _, peer in try reply(try await Self.use(parts, peer)) }
        add(.doctor, to: router) { _, _, peer in
            try await controller.require(.node, peer)
            let state = parts.agent.services.settings.stateDirectory
            return try reply(DoctorReply(await parts.agent.checks() + controller.storeChecks(directory: state)))
        }
        add(.backup, to: router) { _, _, peer in
            try await controller.require(.backup, peer)
            let copy = try await parts.backUp()
            await controller.auditBackup(peer)
            let queue = parts.agent.services.blocking
            return streamed("application/vnd.sqlite3") { output in
                var position: Int64 = 0
                while true {
                    let bytes = try await queue.run { [position] in try copy.read(upTo: Self.backupPart, at: position) }
                    if bytes.isEmpty { return }
                    position += Int64(bytes.count)
                    try await output.write(bytes)
                }
            }
        }
        add(.purge, to: router) { request, _, peer in
            let wanted = try await request.decoded(PurgeRequest.self, limit: parts.requestLimit)
            let (answer, _) = try await controller.purge(wanted, peer: peer) { await parts.agent.removeLogs(of: $0) }
            return try reply(answer)
        }
    }

    /// Bytes that are read at once.
    private static let backupPart = 1 << 18

    private static func use(_ parts: ServerParts, _ peer: Peer) async throws -> UseReply {
        let (rows, omitted) = try await parts.controller.usedNow(peer: peer)
        let use = await parts.controller.nodeUse()
        let facts = parts.node
        let free = facts.shape.allCpus.subtracting(facts.reservedCpus).subtracting(use.usedCpus).subtracting(use.sharedCpus)
        let queues = await parts.controller.queues.map { UseReply.Queue(name: $0.name, counts: use.countsByQueue[$0.name] ?? TaskCounts()) }
        var answer = UseReply(
            now: parts.agent.services.clock.now().wall, node: facts.name, shape: facts.shape, reservedCpus: facts.reservedCpus, freeCpus: free,
            sharedCpus: use.sharedCpus, freeMemory: facts.shape.memory - facts.reservedMemory - use.usedMemory, counts: use.counts, queues: queues,
            attempts: rows)
        answer.attemptsOmitted = omitted > 0 ? omitted : nil
        // Those whose use the peer may see were marked.
        let shown = answer.attempts.filter { $0.use != nil }.map(\.id)
        guard !shown.isEmpty else { return answer }
        let current = await parts.agent.currentUse(of: shown)
        for index in answer.attempts.indices where answer.attempts[index].use != nil {
            answer.attempts[index].use = current[answer.attempts[index].id]
        }
        return answer
    }

    private static func node(_ parts: ServerParts) async -> NodeReply {
        let use = await parts.controller.nodeUse()
        let facts = parts.node
        let defaults = await parts.controller.defaults
        var request = ResourceRequest()
        request.cores = defaults.cores
        request.memory = defaults.memoryPerCore
        request.swap = defaults.swap
        request.pids = defaults.pids
        request.scratch = defaults.scratch
        let queues = await parts.controller.queues.map { NodeReply.Queue($0, counts: use.countsByQueue[$0.name] ?? TaskCounts()) }
        let named = facts.named.map { resource in
            let all = resource.instances.map(\.name)
            let used = use.usedInstances[resource.name] ?? []
            return NodeReply.Named(name: resource.name, instances: all, free: all.filter { !used.contains($0) })
        }
        let available = facts.shape.allCpus.subtracting(facts.reservedCpus)
        var answer = NodeReply(
            now: parts.agent.services.clock.now().wall, name: facts.name, daemon: parts.version, startedAt: parts.startedAt,
            kernel: facts.kernel, shape: facts.shape, reservedCpus: facts.reservedCpus, reservedMemory: facts.reservedMemory,
            freeCpus: available.subtracting(use.usedCpus).subtracting(use.sharedCpus), sharedCpus: use.sharedCpus,
            freeMemory: facts.shape.pageMemory - facts.reservedMemory - use.usedMemory, scratchMethod: facts.scratchMethod,
            cgroupLayout: facts.cgroupLayout, cgroupParent: facts.cgroupParent, defaults: request, defaultTimeLimit: defaults.timeLimit,
            queues: queues, named: named, counts: use.counts)
        let look = await parts.look()
        answer.disk = look.disk
        answer.ioWeight = look.ioWeight
        let pages = facts.shape.hugePages.map {
            NodeReply.HugePagePool(size: $0.size, total: $0.bytes, free: $0.bytes - (use.usedHugePages[$0.size] ?? .zero))
        }
        answer.hugePages = pages.isEmpty ? nil : pages
        answer.defaultImage = defaults.image
        answer.scratchTotal = facts.scratchTotal
        answer.freeScratch = facts.scratchTotal.map { $0 - use.usedScratch }
        return answer
    }
}
