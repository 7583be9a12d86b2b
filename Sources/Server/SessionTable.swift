import API
import Controller
import JobModel

/// All sessions; an id is unguessable and only its maker's.
actor SessionTable {
    private let parts: ServerParts
    private var sessions: [SessionID: Session] = [:]

    init(_ parts: ServerParts) { self.parts = parts }

    /// A session on a job that is being submitted.
    func run(_ job: SubmitReply.Job, _ run: RunSession, peer: Peer) throws(APIError) -> SessionID {
        // The job of then, where the submit was a repeated one.
        guard !job.array else { throw APIError(.invalid, "job \(job.id) is an array, a session is one task's", field: "requestKey") }
        var request = SessionRequest(.run, task: TaskID(job.id))
        request.cancelWhenLost = run.cancelWhenLost
        return keep(request, peer)
    }

    func create(_ request: SessionRequest, peer: Peer) async throws(APIError) -> SessionReply {
        if request.kind == .exec { try Self.check(request.exec) }
        let action: Access.Action = request.kind == .exec ? .exec : .attach
        let status = try await parts.controller.status(of: request.task, action, peer: peer)
        if request.kind == .exec {
            switch status {
            case .active: break
            case .pending: throw APIError(.conflict, "exec in \(request.task): it has not started")
            case .finished: throw APIError(.conflict, "exec in \(request.task): it has finished")
            }
            try checkBound(peer)
            await parts.controller.auditEntry(action, request.task, peer)
            return SessionReply(keep(request, peer), terminal: request.exec?.terminal != nil)
        }
        if request.kind == .attach, case .finished = status { throw APIError(.conflict, "attach to \(request.task): it has finished") }
        await parts.controller.auditEntry(action, request.task, peer)
        let terminal = await parts.controller.livingRecord(request.task.job)?.spec.terminal != nil
        return SessionReply(keep(request, peer), terminal: terminal)
    }

    private static func check(_ exec: ExecRequest?) throws(APIError) {
        guard let exec else { throw APIError(.invalid, "found no command, accepted a program and its arguments", field: "exec.command") }
        do throws(SpecError) { try exec.validate("exec") } catch {
            throw APIError(.invalid, "found \(error.found), accepted \(error.accepted)", field: error.field)
        }
    }

    /// Each has a process and descriptors of the daemon. They count until their output has ended, and with it the process.
    private func checkBound(_ peer: Peer) throws(APIError) {
        let own = sessions.values.count { $0.request.kind == .exec && $0.peer.user == peer.user }
        guard own >= APILimit.execSessions else { return }
        throw APIError(.limit, "exec: user \(peer.name) may have at most \(APILimit.execSessions) at a time, found \(own)")
    }

    private func keep(_ request: SessionRequest, _ peer: Peer) -> SessionID {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<2).map { _ in
            let text = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let id = SessionID(digits.joined())
        sessions[id] = Session(id, request, peer: peer, parts: parts)
        expire(id, begun: false)
        return id
    }

    func find(_ text: String, peer: Peer) throws(APIError) -> Session {
        guard let session = sessions[SessionID(text)], session.peer.user == peer.user else { throw APIError(.unknown, "no such session") }
        return session
    }

    private var serving: Set<SessionID> = []

    func began(_ session: Session) throws(APIError) {
        guard serving.insert(session.id).inserted else { throw APIError(.conflict, "the session's output is taken already") }
        // A client that is gone before the reply's head could be written never comes to be served.
        expire(session.id, begun: true)
    }

    /// The output has ended, in order or because the client is gone.
    func ended(_ session: Session) async {
        let over = await session.isOver
        let detached = await session.detached
        sessions[session.id] = nil
        serving.remove(session.id)
        if over || detached { return }
        let lost = session.request
        guard lost.kind == .run, lost.cancelWhenLost == true else { return }
        Task {
            try? await Task.sleep(for: .milliseconds(APILimit.clientLossMilliseconds))
            await self.cancelUnlessBack(lost)
        }
    }

    /// After a restart: clients that do not come back in time are gone.
    func awaitClients() async {
        for task in await parts.controller.tasksOfClients {
            Task {
                try? await Task.sleep(for: .milliseconds(APILimit.clientLossMilliseconds))
                // One that came back may have detached since.
                guard await self.parts.controller.livingRecord(task.job)?.cancelWhenLost == true else { return }
                await self.cancelUnlessBack(SessionRequest(.run, task: task))
            }
        }
    }

    /// A client that came back has made another session on its job.
    private func cancelUnlessBack(_ lost: SessionRequest) async {
        let isBack = sessions.values.contains { $0.request.kind == .run && $0.request.task == lost.task }
        if !isBack { await parts.controller.cancelLost(lost.task) }
    }

    private func expire(_ id: SessionID, begun: Bool) {
        Task {
            try? await Task.sleep(for: .milliseconds(APILimit.clientLossMilliseconds))
            await self.dropUnlessServed(id, begun: begun)
        }
    }

    private func dropUnlessServed(_ id: SessionID, begun: Bool) async {
        guard serving.contains(id) == begun, let session = sessions[id], await session.dropUnlessServed() else { return }
        sessions[id] = nil
        serving.remove(id)
        if session.request.kind == .run, session.request.cancelWhenLost == true { await cancelUnlessBack(session.request) }
    }
}
