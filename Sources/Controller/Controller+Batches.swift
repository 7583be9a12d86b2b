public import API
import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    public func listBatches(_ request: BatchRequest, peer: Peer) async throws(APIError) -> BatchListReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.see, for: peer) }
        let all = request.user == "all"
        let owner = all ? nil : try await owner(request.user, peer)
        let wanted = batches.keys.filter { (owner == nil || $0.owner == owner) && (request.all || members[$0] != nil) }.sorted()
        var views: [BatchView] = []
        for id in wanted where id.owner == peer.user || settings.access.isOperator(peer) { views.append(await view(of: id)) }
        return BatchListReply(views)
    }

    public func showBatch(_ request: BatchRequest, peer: Peer) async throws(APIError) -> BatchReply {
        BatchReply(await view(of: try await batch(request.name ?? "", request.user, .see, peer)))
    }

    /// One write, however many members: they inherit it, those yet to come too (contract §2).
    public func act(_ route: Route, onBatch request: BatchActionRequest, peer: Peer) async throws(APIError) -> BatchReply {
        let action: Access.Action = route == .batchCancel ? .cancel : route == .batchPause || route == .batchResume ? .pause : .hold
        try requireStore(route.rawValue)
        let id = try await batch(request.name, request.user, action, peer)
        if request.asOperator == true { try refuse { () throws(Access.Refusal) in try settings.access.require(.operate, for: peer) } }
        let chosen = (members[id] ?? []).sorted().map { Chosen(job: $0, slots: living($0)) }
        let tasks = chosen.reduce(0) { $0 + $1.slots.count }
        if request.dryRun == true { return BatchReply(await view(of: id), tasks: tasks) }
        audit(route.rawValue, chosen, peer)
        if chosen.isEmpty { audit(route.rawValue, "batch \(id.name)", batch: id.name, owner: id.owner, peer) }
        if route == .batchCancel {
            for part in chosen { cancel(part, grace: request.grace.map { max($0, .zero) }) }
        } else {
            place(route, id, request, peer)
        }
        replan()
        try await settled()
        var refused: [ActionReply.Refusal] = []
        if route == .batchPause { await frozenOrFailed(chosen, &refused) }
        if let first = refused.first { throw APIError(.conflict, first.error.message) }
        return BatchReply(await view(of: id), tasks: tasks)
    }

    private func place(_ route: Route, _ id: BatchID, _ request: BatchActionRequest, _ peer: Peer) {
        guard var batch = batches[id] else { return }
        let kind = Self.holdKind(route, asOperator: request.asOperator == true)
        let places = route == .batchHold || route == .batchPause
        if places {
            guard !batch.holds.contains(where: { $0.kind == kind }) else { return }
            let hold = Hold(
                kind: kind, scope: .batch, by: peer.user, byName: peer.name, at: clock.now().wall, keepCores: request.keepCores ?? false,
                reason: request.reason)
            batch.holds.append(hold)
        } else {
            batch.holds.removeAll { $0.kind == kind }
        }
        batches[id] = batch
        scheduler.apply(.batchHolds(id, batch.holds))
        var decision = Decision(events: [event(places ? .batchHeld : .batchReleased, batch: id.name, detail: kind.rawValue)])
        decision.events[0].owner = id.owner
        decision.put(.batch(batch))
        let changed = (members[id] ?? []).sorted().flatMap { pausesChanged($0, living($0)) }
        commit(decision) { controller in for attempt in changed { controller.reconcile(attempt) } }
    }

    private func owner(_ text: String?, _ peer: Peer) async throws(APIError) -> UserID {
        guard let text else { return peer.user }
        guard let user = await surroundings.userNumber(text) else {
            throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
        }
        return user
    }

    /// The batch that a name means, if the peer may act on it.
    private func batch(_ name: String, _ user: String?, _ action: Access.Action, _ peer: Peer) async throws(APIError) -> BatchID {
        let id = BatchID(owner: try await owner(user, peer), name: name)
        try refuse { () throws(Access.Refusal) in try settings.access.require(action, for: peer, on: id.owner, what: "batch \(name)") }
        guard batches[id] != nil else { throw APIError(.unknown, "no batch \(DocumentText.quoted(name)) of user \(user ?? peer.name)") }
        return id
    }

    private func view(of id: BatchID) async -> BatchView {
        let name = await surroundings.userName(id.owner)
        let living = (members[id] ?? []).compactMap { jobs[$0] }
        let running = living.flatMap(\.active.values).compactMap { attempts[$0] }.filter { !$0.record.coresReleased }
        var view = BatchView(
            owner: id.owner, ownerName: name, name: id.name, holds: batches[id]?.holds ?? [], jobs: living.count,
            counts: living.reduce(TaskCounts()) { $0 + counts(of: $1) },
            cores: running.filter { !$0.record.placement.shared }.reduce(0) { $0 + $1.record.placement.cpus.count },
            memory: living.reduce(.zero) { sum, job in sum + Bytes(job.record.demand.memory.count * UInt64(job.active.count)) })
        view.firstSubmittedAt = living.map(\.record.submittedAt).min()
        var filter = LedgerFilter()
        filter.owner = id.owner
        filter.batch = id.name
        let ended = try? await store.foldAttempts(matching: filter, into: (WallTime?.none, UInt64(0))) { sum, attempt in
            sum.0 = max(sum.0 ?? attempt.endedAt, attempt.endedAt)
            sum.1 += attempt.usage.cpuMicroseconds ?? 0
        }
        view.lastEndedAt = ended?.0
        view.cpuMicroseconds = ended?.1
        return view
    }

    func counts(of job: LiveJob) -> TaskCounts {
        var counts = TaskCounts()
        counts.pending = job.table.pending.count
        counts.held = held(job).count
        counts.paused = job.active.values.count { attempts[$0]?.observation?.state == .paused }
        counts.running = job.active.count - counts.paused
        counts.succeeded = job.table.succeeded.count
        counts.cancelled = job.table.cancelled.count
        counts.failed = job.table.unsuccessful.count - counts.cancelled
        return counts
    }
}
