public import API
public import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    /// Accepts jobs, all or none. Returns only after the commit is durable (contract §9).
    public func submit(_ request: SubmitRequest, peer: Peer) async throws(APIError) -> SubmitReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.submit, for: peer) }
        try requireStore("submit")
        try Self.checkForm(of: request)
        let key = request.requestKey.map { RequestKey("\(peer.keyScope)/\($0)") }
        if let key, let known = try await known(key) { return known }
        if let shortage = surroundings.diskShortage(), shortage.stopsSubmits {
            throw APIError(.noSpace, "submit: \(shortage.text); nothing new is taken until that has passed; `berth doctor` tells what mends it")
        }
        let images = try await images(of: request, peer)
        try await checkWeights(of: request)
        // No suspension from here to the commit: numbers, limits and dependencies are decided on one state.
        var records: [JobRecord] = []
        for (position, submitted) in request.jobs.enumerated() {
            records.append(try record(submitted, position, earlier: records, image: images[position], peer: peer, key: key))
        }
        try await learnDependencies(of: records)
        // The same request may have come twice while this one looked things up.
        if let key, recentRequests[key] != nil, let known = try await known(key) { return known }
        renumber(&records)
        if request.session?.cancelWhenLost == true, records.count == 1 { records[0].cancelWhenLost = true }
        try countSubmit(records, peer)
        try checkLimits(records, peer)
        try schedule(records)
        if request.dryRun == true {
            for record in records { scheduler.apply(.jobRemoved(record.id)) }
            return SubmitReply(jobs: [])
        }
        accept(records, key: key)
        try await settled()
        metrics.submitted(records)
        return reply(records)
    }

    /// Refuses what is wrong whatever the jobs are; also of a submit that is repeated, whose jobs are not looked at again.
    private static func checkForm(of request: SubmitRequest) throws(APIError) {
        guard !request.jobs.isEmpty, request.jobs.count <= APILimit.jobsPerSubmit else {
            throw APIError(.invalid, "found \(request.jobs.count) jobs, accepted 1 to \(APILimit.jobsPerSubmit)", field: "jobs")
        }
        if let key = request.requestKey, !(1...APILimit.requestKey).contains(key.value.utf8.count) {
            throw APIError(.invalid, "found \(key.value.utf8.count) bytes, accepted 1 to \(APILimit.requestKey)", field: "requestKey")
        }
        guard request.session != nil else { return }
        guard request.jobs.count == 1 else { throw APIError(.invalid, "found \(request.jobs.count) jobs, a session is one job's", field: "session") }
        if request.jobs[0].spec.array != nil { throw APIError(.invalid, "found an array, a session is one task's", field: "jobs[0].spec.array") }
    }

    /// What a submit with this key came to; nil when none was committed.
    public func submission(_ key: RequestKey, peer: Peer) async throws(APIError) -> SubmitReply? {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.submit, for: peer) }
        return try await known(RequestKey("\(peer.keyScope)/\(key)"))
    }

    private func known(_ key: RequestKey) async throws(APIError) -> SubmitReply? {
        var ids = recentRequests[key]
        if ids == nil {
            do throws(StoreError) { ids = try await store.outcome(of: key)?.jobs } catch { throw APIError(.internal, "\(error)") }
        }
        guard let ids else { return nil }
        try await settled()
        var jobs: [SubmitReply.Job] = []
        for id in ids {
            let record = try await anyRecord(id)
            jobs.append(SubmitReply.Job(id: id, tasks: record?.indices.count ?? 1, array: record?.isArray ?? false))
        }
        var reply = SubmitReply(jobs: jobs)
        reply.repeated = true
        return reply
    }

    /// A living job's record, or a finished one's from the ledger.
    func anyRecord(_ id: JobID) async throws(APIError) -> JobRecord? {
        if let job = jobs[id] { return job.record }
        return try await finishedJob(id)?.record
    }

    /// Waits for durability; a store that fails meanwhile leaves the outcome unknown.
    func settled() async throws(APIError) {
        do { try await durable() } catch { throw APIError(.unknownOutcome, "the commit's outcome is unknown: \(error)") }
    }

    /// What is in the store by then is seen; of a broken one, what it has.
    func caughtUp() async { try? await durable() }

    /// Nothing new is begun while the store takes nothing.
    func requireStore(_ what: String) throws(APIError) {
        if let storageFailure { throw APIError(.unavailable, "\(what): \(BrokenStore(reason: storageFailure))") }
    }

    func refuse<T>(_ body: () throws(Access.Refusal) -> T) throws(APIError) -> T {
        do throws(Access.Refusal) { return try body() } catch { throw APIError(.denied, error.description) }
    }

    // MARK: From spec to record

    private func images(of request: SubmitRequest, _ peer: Peer) async throws(APIError) -> [String] {
        var names: [String] = []
        for (position, submitted) in request.jobs.enumerated() {
            let wanted = submitted.spec.image ?? settings.defaults.image
            guard let name = await surroundings.resolveImage(wanted, peer.user, peer.name) else {
                throw APIError(
                    .invalid, "found image \(DocumentText.quoted(wanted)), which is not here; accepted are those of `berth image list`",
                    field: field(position, "image", of: request.jobs.count))
            }
            names.append(name)
        }
        return names
    }

    /// The kernel takes a weight whether a disk goes by it or not, so one that has no say is refused here.
    private func checkWeights(of request: SubmitRequest) async throws(APIError) {
        guard let position = request.jobs.firstIndex(where: { $0.spec.resources.ioWeight != nil }),
            let weight = request.jobs[position].spec.resources.ioWeight, let problem = await surroundings.ioWeightProblem()
        else { return }
        throw APIError(
            .invalid, "found \(weight), accepted none here: \(problem)", field: field(position, "resources.ioWeight", of: request.jobs.count))
    }

    private func field(_ position: Int, _ name: String, of count: Int) -> String { count == 1 ? name : "jobs[\(position)].\(name)" }

    private func record(
        _ submitted: SubmittedSpec, _ position: Int, earlier: [JobRecord], image: String, peer: Peer, key: RequestKey?
    ) throws(APIError) -> JobRecord {
        var spec = submitted.spec
        spec.image = image
        if case .job(_, let batch) = peer.origin {
            guard spec.batch == nil || spec.batch == batch.name else {
                throw APIError(.denied, "submit: a process inside a job may only submit to its own batch \(batch.name)")
            }
            spec.batch = batch.name
            spec.api = nil
        }
        let id = JobID(lastJob + 1 + UInt64(earlier.count))
        for dependency in submitted.after ?? [] {
            guard earlier.indices.contains(dependency.position) else {
                throw APIError(
                    .invalid, "found position \(dependency.position), accepted are those of jobs before it", field: "jobs[\(position)].after")
            }
            let other = JobID(lastJob + 1 + UInt64(dependency.position))
            spec.dependencies = (spec.dependencies ?? []) + [Dependency(kind: dependency.kind, job: other, index: dependency.index)]
        }
        let queueName = spec.queue ?? "default"
        guard let queue = settings.queue(queueName) else {
            throw APIError(
                .invalid, "found queue \(DocumentText.quoted(queueName)), accepted \(settings.queues.map(\.name).joined(separator: ", "))",
                field: "queue")
        }
        let rights = SubmitterRights(groups: peer.groupNames, isOperator: settings.access.isOperator(peer))
        do throws(SpecError) {
            let resolved = try spec.resolved(queue: queue, defaults: settings.defaults, site: settings.site, submitter: rights)
            return JobRecord(
                id: id, owner: peer.owner, spec: resolved.spec, demand: resolved.demand, queue: queueName,
                priority: resolved.spec.priority ?? 0, timeLimit: resolved.timeLimit, submittedAt: clock.now().wall, sequence: id.value,
                requestKey: key)
        } catch {
            throw APIError(
                .invalid, "found \(error.found), accepted \(error.accepted)", field: field(position, error.field, of: position == 0 ? 1 : 2))
        }
    }

    private func learnDependencies(of records: [JobRecord]) async throws(APIError) {
        let own = Set(records.map(\.id))
        for id in Set(records.flatMap { ($0.spec.dependencies ?? []).map(\.job) }).subtracting(own).sorted() where jobs[id] == nil {
            if let finished = try await finishedJob(id), jobs[id] == nil {
                scheduler.apply(.finishedElsewhere(JobOutcomes(finished.record, finished.tasks)))
            }
        }
    }

    private func checkLimits(_ records: [JobRecord], _ peer: Peer) throws(APIError) {
        // Of this request alone; what waits already is counted with the jobs.
        var added: [WaitingLimit: Int] = [:]
        for record in records {
            if let reason = scheduler.refusal(of: State.Job(record)) { throw APIError(.invalid, reason.text, field: reason.field ?? "resources") }
            for limit in WaitingLimit.all(of: record) {
                let total = added[limit, default: jobs.waiting(limit)] + record.indices.count
                added[limit] = total
                guard let most = limit.most(settings), total > most, !settings.access.isOperator(peer) else { continue }
                throw APIError(.limit, "submit: \(limit) may have at most \(most) waiting tasks (pending_tasks), found \(total)")
            }
        }
    }

    // MARK: Accepting

    /// Tells the scheduler, which knows whether dependencies can be; takes all back when one is refused.
    private func schedule(_ records: [JobRecord]) throws(APIError) {
        for (position, record) in records.enumerated() {
            let job = State.Job(record)
            guard let refusal = scheduler.refusal(ofDependencies: job) else {
                scheduler.apply(.jobAdded(job, tasks: TaskTable(pending: record.indices)))
                continue
            }
            for added in records[..<position] { scheduler.apply(.jobRemoved(added.id)) }
            throw APIError(
                .invalid, "found \(refusal.found), accepted \(refusal.accepted)", field: field(position, refusal.field, of: records.count))
        }
    }

    private func accept(_ records: [JobRecord], key: RequestKey?) {
        var decision = Decision(requestKey: key)
        let now = clock.now().boot
        for record in records {
            var table = TaskTable(pending: record.indices)
            if record.spec.hold == true {
                let hold = Hold(kind: .user, scope: .task, by: record.owner.user, byName: record.owner.name, at: record.submittedAt)
                table.holds.append(TaskHold(hold: hold, tasks: record.indices))
                scheduler.apply(.holds(record.id, table.holds))
            }
            jobs[record.id] = LiveJob(record: record, table: table, acceptedAt: now)
            if let batch = record.batch { join(batch, record.id, &decision) }
            decision.put(.job(record))
            decision.put(.tasks(record.id, table))
            decision.events.append(event(.submitted, job: record.id))
        }
        lastJob = records.last?.id.value ?? lastJob
        decision.put(.counter(.jobs, lastJob))
        let ids = records.map(\.id)
        if let key { recentRequests[key] = ids }
        commit(decision) { $0.stored(ids) }
        replan()
    }

    /// Makes the batch when its first job comes.
    func join(_ batch: BatchID, _ job: JobID, _ decision: inout Decision) {
        members[batch, default: []].insert(job)
        guard batches[batch] == nil else { return }
        batches[batch] = BatchRecord(id: batch)
        decision.put(.batch(BatchRecord(id: batch)))
    }

    /// A submit that suspended to look things up may have been overtaken by another.
    private func renumber(_ records: inout [JobRecord]) {
        let shift = lastJob + 1 - (records.first?.id.value ?? lastJob + 1)
        guard shift > 0 else { return }
        let own = Set(records.map(\.id))
        for position in records.indices {
            records[position].id = JobID(records[position].id.value + shift)
            records[position].sequence = records[position].id.value
            records[position].spec.dependencies = records[position].spec.dependencies?.map { dependency in
                guard own.contains(dependency.job) else { return dependency }
                return Dependency(kind: dependency.kind, job: JobID(dependency.job.value + shift), index: dependency.index)
            }
        }
    }

    private func reply(_ records: [JobRecord]) -> SubmitReply {
        SubmitReply(jobs: records.map { SubmitReply.Job(id: $0.id, tasks: $0.indices.count, array: $0.isArray) })
    }
}

/// Who or what may have only so many tasks waiting.
enum WaitingLimit: Hashable, CustomStringConvertible {
    case queue(String)
    case user(UserID, name: String)
    case batch(BatchID)

    static func all(of record: JobRecord) -> [WaitingLimit] {
        [.queue(record.queue), .user(record.owner.user, name: record.owner.name)] + (record.batch.map { [.batch($0)] } ?? [])
    }

    func limits(_ settings: ControllerSettings) -> ResourceLimits? {
        switch self {
        case .queue(let name): settings.queue(name)?.maximum
        case .user: settings.perUser
        case .batch: settings.perBatch
        }
    }

    func most(_ settings: ControllerSettings) -> Int? { limits(settings)?.pendingTasks }

    var description: String {
        switch self {
        case .queue(let name): "queue \(name)"
        case .user(_, let name): "user \(name)"
        case .batch(let id): "batch \(id.name)"
        }
    }
}
