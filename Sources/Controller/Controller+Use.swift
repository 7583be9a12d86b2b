public import API
import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    /// The attempts that have not ended as a peer may see them, without what the agent knows of their use.
    public func usedNow(peer: Peer) throws(APIError) -> (rows: [UseReply.Row], omitted: Int) {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.node, for: peer) }
        let shown = attempts.keys.sorted().prefix(APILimit.page)
        return (shown.compactMap { row(of: $0, peer) }, attempts.count - shown.count)
    }

    private func row(of id: AttemptID, _ peer: Peer) -> UseReply.Row? {
        guard let job = jobs[id.task.job] else { return nil }
        let (record, seen) = (job.record, view(of: id, job, peer))
        guard let placement = seen.placement else { return nil }
        var row = UseReply.Row(
            id: id, owner: record.owner.user, ownerName: record.owner.name, queue: record.queue, state: seen.state, placement: placement,
            memory: record.demand.memory, timeLimit: record.timeLimit)
        row.coresReleased = seen.coresReleased
        row.startedAt = seen.startedAt
        row.ranFor = seen.ranFor
        guard settings.access.maySeePrivate(peer, owner: record.owner.user) else { return row }
        row.name = record.spec.name
        row.batch = record.spec.batch
        row.use = CurrentUse(readAt: clock.now().boot)
        return row
    }
}
