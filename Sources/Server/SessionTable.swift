import API
import Controller
import JobModel

/// All sessions; an id is unguessable and only its maker's.
actor SessionTable {
    private let parts: ServerParts
    private var sessions: [SessionID: Session] = [:]

    init(_ parts: ServerParts) { self.parts = parts }

    /// A session on a job that is being submitted.
    func run(_ task: TaskID, _ run: RunSession, spec: JobSpec, peer: Peer) throws(APIError) -> SessionID {
        guard spec.array == nil else { throw APIError(.invalid, "a session needs one task, found an array", field: "array") }
        var request = SessionRequest(.run, task: task)
        request.cancelWhenLost = run.cancelWhenLost
        return keep(request, peer)
    }

    func create(_ request: SessionRequest, peer: Peer) async throws(APIError) -> SessionReply {
        let action: Access.Action = request.kind == .exec ? .exec : .attach
        let status = try await parts.controller.status(of: request.task, action, peer: peer)
        if request.kind == .exec {
            switch status {
            case .active: break
            case .pending: throw APIError(.conflict, "exec in \(request.task): it has not started")
            case .finished: throw APIError(.conflict, "exec in \(request.task): it has finished")
            }
            guard request.exec?.command.isEmpty == false else { throw APIError(.invalid, "found no command", field: "exec.command") }
            return SessionReply(keep(request, peer), terminal: request.exec?.terminal != nil)
        }
        if request.kind == .attach, case .finished = status { throw APIError(.conflict, "attach to \(request.task): it has finished") }
        let terminal = await parts.controller.livingRecord(request.task.job)?.spec.terminal != nil
        return SessionReply(keep(request, peer), terminal: terminal)
    }

    private func keep(_ request: SessionRequest, _ peer: Peer) -> SessionID {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<2).map { _ in
            let text = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let id = SessionID(digits.joined())
        sessions[id] = Session(id, request, peer: peer, parts: parts)
        expire(id, beganOnly: true)
        return id
    }

    func find(_ text: String, peer: Peer) throws(APIError) -> Session {
        guard let session = sessions[SessionID(text)], session.peer.user == peer.user else { throw APIError(.unknown, "no such session") }
        return session
    }

    private var serving: Set<SessionID> = []

    func began(_ session: Session) throws(APIError) {
        guard serving.insert(session.id).inserted else { throw APIError(.conflict, "the session's output is taken already") }
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

    private func expire(_ id: SessionID, beganOnly: Bool) {
        Task {
            try? await Task.sleep(for: .milliseconds(APILimit.clientLossMilliseconds))
            await self.dropUnlessBegan(id)
        }
    }

    private func dropUnlessBegan(_ id: SessionID) async {
        guard !serving.contains(id), let session = sessions.removeValue(forKey: id) else { return }
        if session.request.kind == .run, session.request.cancelWhenLost == true { await cancelUnlessBack(session.request) }
    }
}
