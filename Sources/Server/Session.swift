import API
import Containers
import Controller
import FoundationEssentials
import JobModel
import LinuxSys
import NodeAgent

/// One client at a task's input and output, or at a further process in its container: two requests, `input` up and `output` down.
actor Session {
    let id: SessionID
    let peer: Peer
    let parts: ServerParts
    let request: SessionRequest
    private var output: FrameOutput?
    private var sink: (any InputSink)?
    private var pending: [UInt8] = []
    private var taken: UInt64 = 0
    private var inputEnded = false
    private var isPumping = false
    private(set) var detached = false
    private(set) var isOver = false
    private var lastSize: TerminalSize?
    /// Waits until the attempt has started.
    private var attaching: Task<Void, Never>?
    /// The attempt that has.
    private var started: AttemptID?
    /// Signals that came before there was somebody to get them, each once.
    private var earlySignals: [Int32] = []
    private var isDropped = false

    init(_ id: SessionID, _ request: SessionRequest, peer: Peer, parts: ServerParts) {
        self.id = id
        self.request = request
        self.peer = peer
        self.parts = parts
    }

    // MARK: Up

    /// Takes one frame of the client; never waits for the job, so that a signal does not wait behind data.
    func take(_ frame: Frame) async throws {
        switch frame {
        case .input(let bytes):
            guard pending.count + bytes.count <= 2 * APILimit.inputWindow else {
                throw APIError(.tooLarge, "input: more than \(APILimit.inputWindow) bytes beyond what was taken")
            }
            pending += bytes
        case .eof: inputEnded = true
        case .resize(let size):
            lastSize = size
            try? sink?.resize(size)
        case .signal(let number): await signal(number)
        case .detach:
            detached = true
            if request.kind == .run { await parts.controller.detached(request.task.job) }
            try await output?.write(Frame.detached.encoded)
            await output?.finish()
            isOver = true
        default: break
        }
        pump()
    }

    private func signal(_ number: Int32) async {
        if request.kind == .exec, let sink {
            try? sink.signal(number)
        } else if request.kind != .exec, let started {
            try? await parts.agent.signal(started, number: number, toAll: false)
        } else if (1...64).contains(number), !earlySignals.contains(number) {
            earlySignals.append(number)
        }
    }

    private func attach(_ sink: any InputSink) {
        self.sink = sink
        if let lastSize { try? sink.resize(lastSize) }
        pump()
    }

    private func pump() {
        guard !isPumping, sink != nil, !pending.isEmpty || inputEnded else { return }
        isPumping = true
        Task { await self.pumpAll() }
    }

    private func pumpAll() async {
        defer { isPumping = false }
        while let sink, !isOver {
            if pending.isEmpty {
                if inputEnded {
                    try? sink.close()
                    inputEnded = false
                }
                return
            }
            guard let count = try? sink.write(pending[...]) else {
                // The job does not read any more.
                pending = []
                return
            }
            if count == 0 {
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            pending.removeFirst(count)
            taken += UInt64(count)
            try? await output?.write(Frame.taken(taken).encoded)
        }
    }

    // MARK: Down

    /// Gives the session up, unless its output is on its way.
    func dropUnlessServed() -> Bool {
        if output == nil { isDropped = true }
        return isDropped
    }

    /// Writes frames until the end; throws when the client is gone.
    func serve(_ output: FrameOutput) async throws {
        guard !isDropped else { return }
        self.output = output
        try await output.write(Frame.hello(version: Frame.version).encoded)
        do {
            if request.kind == .exec { try await serveExec(output) } else { try await serveTask(output) }
        } catch let error as APIError {
            try await output.write(Frame.error(Array(try JSONEncoder().encode(error))).encoded)
        } catch let error as UnreadableLog {
            try await output.write(Frame.error(Array(try JSONEncoder().encode(APIError(.conflict, "\(error)")))).encoded)
        } catch let error as LaunchError {
            let status: Int32 = error.operation.hasPrefix("exec ") ? (error.errno == "ENOENT" ? 127 : 126) : 125
            try await output.write(Frame.exit(status: status, outcome: "startFailed(\(error))").encoded)
        }
        guard !isOver else { return }
        isOver = true
        await output.finish()
    }

    private func serveTask(_ output: FrameOutput) async throws {
        let wanted = FollowRequest(
            task: request.task, position: request.position, fromNow: request.kind == .attach && request.position == nil, tellsStatus: true)
        let follower = TaskFollower(parts: parts, request: wanted, peer: peer) { [weak self] frame in
            if case .started(let text) = frame, let id = AttemptID(text) { await self?.expect(id) }
            guard await self?.isOver == false else { throw CancellationError() }
            try await output.write(frame.encoded)
        }
        defer { attaching?.cancel() }
        let outcome: TaskOutcome?
        do { outcome = try await follower.run() } catch is CancellationError where isOver { return }
        guard let outcome, !isOver else { return }
        try await output.write(Frame.exit(status: outcome.exitStatus, outcome: outcome.description).encoded)
    }

    /// An attempt is told of when it is assigned, which may be long before it runs; meanwhile its output is followed.
    private func expect(_ id: AttemptID) {
        attaching?.cancel()
        // What an earlier attempt did not read is not for it.
        (sink, started) = (nil, nil)
        attaching = Task { await self.attachInput(of: id) }
    }

    private func attachInput(of id: AttemptID) async {
        guard await parts.controller.awaitStart(of: id), !isOver else { return }
        let input = try? await parts.agent.input(of: id)
        guard !Task.isCancelled else { return }
        started = id
        if let input { attach(input) }
        let signals = earlySignals
        earlySignals = []
        for number in signals { try? await parts.agent.signal(id, number: number, toAll: false) }
    }

    private func serveExec(_ output: FrameOutput) async throws {
        guard let exec = request.exec else { throw APIError(.invalid, "found no command", field: "exec") }
        guard case .active(let id, _) = try await parts.controller.status(of: request.task, .exec, peer: peer) else {
            throw APIError(.conflict, "exec in \(request.task): it does not run")
        }
        let what = ExecDescription(
            command: exec.command, environment: exec.environment ?? [:], user: exec.user, workingDirectory: exec.workingDirectory)
        let run = try ExecStreamSet(exec)
        let process = try await parts.agent.execute(what, in: id, streams: run.streams)
        run.closeTheirs()
        let input = ExecInput(process: process, pipe: run.input, master: process.master)
        attach(input)
        for number in earlySignals { try? input.signal(number) }
        // That the client of a silent program is gone is found out by writing.
        let pinging = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(APILimit.pingMilliseconds))
                try await output.write(Frame.alive.encoded)
            }
        }
        defer { pinging.cancel() }
        await withTaskCancellationHandler {
            try? await run.copy(process.master, to: output, parts.agent.services.reactor)
        } onCancel: {
            try? process.process.signal(9)
        }
        let status = await process.status() ?? 125
        try await output.write(Frame.exit(status: status, outcome: status == 0 ? "succeeded" : "failed(\(status))").encoded)
    }
}

/// Where a session's input goes.
protocol InputSink: Sendable {
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int
    func close() throws(SystemError)
    func resize(_ size: TerminalSize) throws(SystemError)
    func signal(_ number: Int32) throws(SystemError)
}

extension AttachedInput: InputSink {}
