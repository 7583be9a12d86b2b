import API
import Controller
import Hummingbird
import JobModel
import NodeAgent

extension BerthServer {
    func addNodeRoutes(to router: Router<BerthContext>) {
        let (parts, controller) = (parts, parts.controller)
        add(.version, to: router) { _, _, _ in
            try reply(VersionReply(daemon: parts.version, pid: parts.pid, startedAt: parts.startedAt))
        }
        add(.node, to: router) { _, _, peer in
            try await controller.require(.node, peer)
            return try reply(await Self.node(parts))
        }
        add(.doctor, to: router) { _, _, peer in
            try await controller.require(.node, peer)
            return try reply(DoctorReply(await parts.agent.checks()))
        }
        add(.purge, to: router) { request, _, peer in
            let wanted = try await request.decoded(PurgeRequest.self, limit: parts.requestLimit)
            let (answer, _) = try await controller.purge(wanted, peer: peer) { await parts.agent.removeLogs(of: $0) }
            return try reply(answer)
        }
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
            freeMemory: facts.shape.memory - facts.reservedMemory - use.usedMemory, scratchMethod: facts.scratchMethod,
            cgroupLayout: facts.cgroupLayout, cgroupParent: facts.cgroupParent, defaults: request, defaultTimeLimit: defaults.timeLimit,
            queues: queues, named: named, counts: use.counts)
        answer.defaultImage = defaults.image
        answer.scratchTotal = facts.scratchTotal
        answer.freeScratch = facts.scratchTotal.map { $0 - use.usedScratch }
        return answer
    }
}
