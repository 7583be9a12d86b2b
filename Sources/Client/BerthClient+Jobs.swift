public import API
public import JobModel
public import Reports

extension BerthClient {
    /// Submits, and asks once more under the same key when the reply was lost or the commit is unknown.
    public func submit(_ request: SubmitRequest) throws(ClientError) -> SubmitReply {
        do throws(ClientError) { return try call(.submit, body: request) } catch {
            guard request.requestKey != nil, Self.mayHaveHappened(error) else { throw error }
            return try call(.submit, body: request)
        }
    }

    private static func mayHaveHappened(_ error: ClientError) -> Bool {
        switch error {
        case .closed: true
        case .refused(let refusal): refusal.code == .unknownOutcome
        default: false
        }
    }

    /// What was committed under a key; nil when nothing was.
    public func submission(_ key: RequestKey) throws(ClientError) -> SubmitReply? {
        do throws(ClientError) { return try call(.submission, key.value) } catch {
            if case .refused(let refusal) = error, refusal.code == .unknown { return nil }
            throw error
        }
    }

    public func list(_ request: ListRequest) throws(ClientError) -> ListReply { try call(.list, query: request.query) }

    /// All pages, or the first `limit` jobs.
    public func listAll(_ request: ListRequest, limit: Int? = nil) throws(ClientError) -> ListReply {
        var page = request
        page.limit = limit.map { min($0, APILimit.page) }
        var whole = try list(page)
        while let next = whole.next, whole.jobs.count < limit ?? .max {
            page.after = next
            let more = try list(page)
            // A page that does not move on would be asked for ever.
            guard !more.jobs.isEmpty, more.next != next else { break }
            whole.jobs += more.jobs
            whole.next = more.next
        }
        if let limit, whole.jobs.count > limit { whole.jobs.removeLast(whole.jobs.count - limit) }
        return whole
    }

    public func show(_ job: JobID, _ request: ShowRequest = ShowRequest()) throws(ClientError) -> JobDetail {
        try call(.show, job.description, query: request.query)
    }

    /// `route` is one of cancel, signal, requeue, pause, resume, hold, release.
    public func act(_ route: Route, _ request: ActionRequest) throws(ClientError) -> ActionReply { try call(route, body: request) }

    public func update(_ request: UpdateRequest) throws(ClientError) -> ActionReply { try call(.update, body: request) }

    public func wait(_ request: WaitRequest) throws(ClientError) -> WaitReply { try call(.wait, body: request) }

    public func report(_ request: ReportRequest) throws(ClientError) -> ReportReply {
        let bytes = try exchange(Route.report.method, Route.report.path() + request.query.suffix, nil)
        if let reply = ReportReply(reading: bytes) { return reply }
        return try Self.decode(bytes)
    }

    public func purge(_ request: PurgeRequest) throws(ClientError) -> PurgeReply { try call(.purge, body: request) }

    /// What the processes of a running job do.
    public func inspect(_ job: JobID, _ request: InspectRequest) throws(ClientError) -> InspectReply {
        try call(.inspect, job.description, query: request.query)
    }

    /// The memory of one of them as a core file, which is whole only if it ends with a `CoreTrailer`.
    public func core(_ job: JobID, _ request: InspectRequest) throws(ClientError) -> ReplyStream {
        var request = request
        request.core = true
        return try stream(.inspect, job.description, query: request.query)
    }
}
