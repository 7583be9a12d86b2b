import API
import JobModel

/// What a wait has found so far of the jobs that it is for.
struct WaitTally: Sendable {
    private let access: Access
    private let peer: Peer
    var reply = WaitReply(tasks: 0, remaining: 0, counts: TaskCounts())
    /// Jobs of the selector at hand.
    var found = 0
    /// The lowest task that has ended and did not succeed, with the table that tells how.
    private(set) var lowest: (task: TaskID, table: TaskTable)?
    /// Why a job of the ledger may not be waited for.
    var refusal: APIError?

    init(_ access: Access, _ peer: Peer) {
        self.access = access
        self.peer = peer
    }

    /// Adds what a selector means of a job; refuses what the peer may not wait for.
    mutating func add(_ record: JobRecord, _ table: TaskTable, _ selector: TaskSelector) throws(APIError) {
        do throws(Access.Refusal) { try access.require(.wait, for: peer, on: record.owner.user, what: "job \(record.id)") } catch {
            throw APIError(.denied, error.description)
        }
        let slots = try Self.wanted(record, selector)
        found += 1
        reply.tasks += slots.count
        reply.remaining += slots.intersection(table.pending.union(table.active)).count
        reply.counts.pending += slots.intersection(table.pending).count
        reply.counts.running += slots.intersection(table.active).count
        reply.counts.succeeded += slots.intersection(table.succeeded).count
        reply.counts.cancelled += slots.intersection(table.cancelled).count
        reply.counts.failed += slots.intersection(table.unsuccessful.subtracting(table.cancelled)).count
        guard let slot = slots.intersection(table.unsuccessful).first else { return }
        let task = record.task(slot)
        if lowest.map({ task < $0.task }) ?? true { lowest = (task, table) }
    }

    private static func wanted(_ record: JobRecord, _ selector: TaskSelector) throws(APIError) -> IntervalSet {
        guard let indices = selector.indices else { return record.indices }
        let slots = indices.intersection(record.indices)
        guard record.isArray, !slots.isEmpty else { throw APIError(.unknown, "no task \(selector)") }
        return slots
    }
}
