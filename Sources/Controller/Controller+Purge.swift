public import API
public import Database
public import JobModel
public import JobStore
import NodeAgent

/// What the controller wants of a store beyond keeping state: to forget.
public protocol ForgettingStore: Sendable {
    func purge(_ selection: PurgeSelection) async throws(StoreError) -> PurgeResult
    func pruneEvents(keeping count: Int, since time: WallTime) async throws(StoreError) -> Int
    func pruneRequests(before time: WallTime, keeping living: Set<RequestKey>) async throws(StoreError) -> Int
    func pruneJobs(endedBefore time: WallTime, keeping awaited: Set<JobID>) async throws(StoreError) -> Int
    func pruneAttempts(endedBefore time: WallTime, keeping living: Set<JobID>) async throws(StoreError) -> Int
    func endOfAttempt(beyond count: Int) async throws(StoreError) -> WallTime?
    /// Gives the room of what is gone back to the file system.
    func reclaim() async throws(StoreError)
}

extension SQLiteStore: ForgettingStore {}

extension Controller {
    /// Forgets finished jobs and has their logs removed; never of what lives. What went, and the jobs that it went from.
    public func purge(
        _ request: PurgeRequest, peer: Peer, removingLogs: @Sendable ([JobID]) async -> Void = { _ in }
    ) async throws(APIError) -> (PurgeReply, [JobID]) {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.see, for: peer) }
        if let newest = request.keepNewest, newest < 0 {
            throw APIError(.invalid, "found \(newest), accepted a number from 0", field: "keepNewest")
        }
        let filter = try await purgeFilter(request, peer)
        let (known, forgotten) = try await purgeable(filter, request, peer)
        // A job that was put back in the queue lives, whatever the ledger still says of it.
        let owners = Dictionary(known + forgotten) { first, _ in first }
        var found = owners.keys.sorted().filter { jobs[$0] == nil && reviving[$0] == nil && !purging.contains($0) }
        // By number: the order of submission.
        if let newest = request.keepNewest { found = found.dropLast(newest) }
        if request.dryRun == true { return (PurgeReply(jobs: found.count, attempts: 0, freed: .zero), []) }
        // No suspension since they were found: until all of them is gone none comes to life again.
        purging.formUnion(found)
        defer { purging.subtract(found) }
        for id in found { audit("purge", "\(id)", job: id, owner: owners[id] ?? peer.user, peer) }
        guard request.keepAccounts != true, let forgetting = store as? any ForgettingStore else {
            await removingLogs(found)
            return (PurgeReply(jobs: found.count, attempts: 0, freed: .zero), found)
        }
        var selection = PurgeSelection()
        selection.jobs = Set(known.map(\.0)).intersection(found)
        selection.forgotten = Set(forgotten.map(\.0)).intersection(found)
        let result: PurgeResult
        do throws(StoreError) { result = try await forgetting.purge(selection) } catch { throw APIError(.internal, "\(error)") }
        await removingLogs(found)
        let freed = Bytes(UInt64(max(0, result.freedBytes)))
        return (PurgeReply(jobs: result.jobs, attempts: result.attempts, freed: freed), found)
    }

    /// What is asked for; refuses ids that are no whole jobs, or of jobs that live.
    private func purgeFilter(_ request: PurgeRequest, _ peer: Peer) async throws(APIError) -> LedgerFilter {
        var filter = LedgerFilter()
        filter.until = request.before
        filter.batch = request.selection.batch
        if let ids = request.selection.ids {
            guard ids.allSatisfy({ $0.job != nil && $0.indices == nil }) else {
                throw APIError(.invalid, "found ranges or tasks, accepted are whole jobs", field: "ids")
            }
            filter.jobs = Set(ids.compactMap(\.job))
            for id in ids.compactMap(\.job) {
                guard let living = jobs[id]?.record else { continue }
                try refuse { () throws(Access.Refusal) in
                    try settings.access.require(.cancel, for: peer, on: living.owner.user, what: "job \(id)")
                }
                throw APIError(.conflict, "job \(id) has not finished")
            }
        }
        filter.owner = try await purgeOwner(request, peer)
        return filter
    }

    /// Jobs that match: those whose record is kept, and those of which only attempts are. Refuses others' that are named by id.
    private func purgeable(_ filter: LedgerFilter, _ request: PurgeRequest, _ peer: Peer) async throws(APIError) -> (
        [(JobID, UserID)], [(JobID, UserID)]
    ) {
        let (known, forgotten): ([(JobID, UserID)], [(JobID, UserID)])
        do throws(StoreError) {
            known = try await store.foldJobs(matching: filter, into: []) { $0.append(($1.record.id, $1.record.owner.user)) }
            forgotten = try await forgottenJobs(filter)
        } catch { throw APIError(.internal, "\(error)") }
        for (id, user) in known + forgotten where request.selection.ids != nil {
            try refuse { () throws(Access.Refusal) in
                try settings.access.require(user == peer.user ? .see : .purge, for: peer, on: user, what: "job \(id)")
            }
        }
        return (known, forgotten)
    }

    /// Ended jobs of which the retention left nothing but their attempts, all of them matching.
    private func forgottenJobs(_ filter: LedgerFilter) async throws(StoreError) -> [(JobID, UserID)] {
        var owners = try await store.foldAttempts(matching: filter, into: [JobID: UserID]()) { $0[$1.id.task.job] = $1.owner }
        owners = owners.filter { jobs[$0.key] == nil }
        guard !owners.isEmpty else { return [] }
        var kept = LedgerFilter()
        kept.jobs = Set(owners.keys)
        let known = try await store.foldJobs(matching: kept, into: Set<JobID>()) { $0.insert($1.record.id) }
        if let time = filter.until {
            kept.since = time
            owners = try await store.foldAttempts(matching: kept, into: owners) { $0[$1.id.task.job] = nil }
        }
        // It may have come back to life meanwhile.
        return owners.filter { !known.contains($0.key) && jobs[$0.key] == nil }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func purgeOwner(_ request: PurgeRequest, _ peer: Peer) async throws(APIError) -> UserID? {
        if let text = request.selection.user {
            guard let user = await surroundings.userNumber(text) else {
                throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
            }
            try refuse { () throws(Access.Refusal) in
                try settings.access.require(user == peer.user ? .see : .purge, for: peer, on: user, what: "jobs of user \(text)")
            }
            return user
        }
        // Whole jobs named by id are looked at one by one.
        return request.selection.ids != nil ? nil : peer.user
    }
}
