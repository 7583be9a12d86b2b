import API
import Controller
import FoundationEssentials
import JobLog
import JobModel
import LinuxSys
import NodeAgent

/// What of a task's output a client wants.
struct FollowRequest: Sendable {
    var task: TaskID
    /// Nil: the newest, and with `follow` those that come after it.
    var attempt: UInt32?
    /// With `attempt`: go on with those after it.
    var onward = false
    var position: UInt64?
    /// Skip what was printed before.
    var fromNow = false
    var follow = true
    var stream: LogRequest.Stream?
    /// Tell why a pending task waits.
    var tellsStatus = false
}

/// Follows a task through its attempts: why it waits, what it prints, how it ends. Works also when the daemon was restarted meanwhile.
struct TaskFollower: Sendable {
    let parts: ServerParts
    let request: FollowRequest
    let peer: Peer
    /// Takes one frame; waits while the client does not read.
    let emit: @Sendable (Frame) async throws -> Void

    /// How far the output was told.
    private struct Progress {
        /// The last attempt whose output was told to its end.
        var done: UInt32 = 0
        /// Where to begin in the next one.
        var position: UInt64?
        /// What was printed before is skipped.
        var skips: Bool
    }

    /// Ends with the task; its outcome, or nil when only what was there was wanted.
    func run() async throws -> TaskOutcome? {
        let ticks = Ticks(parts.controller.hub, job: request.task.job)
        defer { ticks.stop() }
        var progress = Progress(position: request.position, skips: request.fromNow)
        var told: TaskGroup?
        while true {
            switch try await parts.controller.status(of: request.task, .logs, peer: peer) {
            case .pending(let group, let last):
                if try await tellEnded(through: last?.number ?? 0, &progress) || !request.follow { return nil }
                progress.skips = false
                if request.tellsStatus, group != told {
                    try await emit(.status(Array(try JSONEncoder().encode(group))))
                    told = group
                }
            case .active(let id, _):
                if progress.done > 0 || request.attempt.map({ $0 < id.number }) ?? false {
                    if try await tellEnded(through: id.number - 1, &progress) { return nil }
                }
                if id.number > progress.done, id.number >= request.attempt ?? 0 {
                    try await tellActive(id, &progress, ticks)
                    if isLast(id.number) || !request.follow { return nil }
                    continue
                }
                if !request.follow { return nil }
            case .finished(let outcome, let last):
                _ = try await tellEnded(through: last?.number ?? 0, &progress)
                return outcome
            }
            if try await ticks.next() == .ping { try await emit(.alive) }
        }
    }

    private func isLast(_ number: UInt32) -> Bool { number == request.attempt && !request.onward }

    /// What attempts printed that have ended: the wanted one and those after it, or the newest alone. True when no more is wanted.
    private func tellEnded(through last: UInt32, _ progress: inout Progress) async throws -> Bool {
        guard last > progress.done else { return false }
        if progress.skips {
            progress.done = last
            return false
        }
        var number = progress.done > 0 ? progress.done + 1 : request.attempt ?? last
        while number <= last {
            let id = AttemptID(request.task, number)
            try await emit(.started("\(id)"))
            if let log = try await parts.agent.follow(id, from: progress.position ?? 0) {
                var times = LogTimes(id)
                while try await emitNew(log, &times) {}
            }
            (progress.done, progress.position) = (number, nil)
            if isLast(number) { return true }
            number += 1
        }
        return false
    }

    private func tellActive(_ id: AttemptID, _ progress: inout Progress, _ ticks: Ticks) async throws {
        try await emit(.started("\(id)"))
        try await follow(id, from: progress.position, skips: progress.skips && progress.position == nil, ticks)
        progress = Progress(done: id.number, skips: false)
    }

    /// Until the attempt has ended and its log was read to the end.
    private func follow(_ id: AttemptID, from position: UInt64?, skips: Bool, _ ticks: Ticks) async throws {
        var log: LogFollower?
        var times = LogTimes(id)
        while true {
            let ended = try await hasEnded(id)
            if log == nil, let opened = try await parts.agent.follow(id, from: position ?? 0) {
                try opened.watch { ticks.tick() }
                if skips { while try await !opened.read().isEmpty {} }
                log = opened
            }
            // Read after the look at its state, so that an ended attempt's last bytes are not missed.
            if let log { while try await emitNew(log, &times) {} }
            if ended || !request.follow { return }
            if try await ticks.next() == .ping { try await emit(.alive) }
        }
    }

    private func hasEnded(_ id: AttemptID) async throws -> Bool {
        guard case .active(let current, let state) = try await parts.controller.status(of: request.task, .logs, peer: peer) else { return true }
        return current != id || state == .finished
    }

    private func emitNew(_ log: LogFollower, _ times: inout LogTimes) async throws -> Bool {
        let before = log.position
        let items = try await log.read(upTo: APILimit.chunk / 2)
        guard !items.isEmpty else { return false }
        if times.started == nil { times.started = try? await parts.controller.started(times.attempt) }
        // Not known is that of one that has only just begun, or of ledgers of an earlier version.
        let start = times.started ?? parts.agent.services.clock.now()
        // A damaged log may tell any number.
        var position = before
        for item in items {
            switch item {
            case .gap(let bytes):
                position &+= bytes
                try await emit(.dropped(bytes))
            case .frame(let frame):
                position &+= UInt64(frame.bytes.count)
                let isError = frame.stream == .error
                if let wanted = request.stream, (wanted == .stderr) != isError { continue }
                let chunk = LogChunk(position: position, at: start.wall(at: frame.bootNanoseconds), bytes: frame.bytes)
                try await emit(isError ? .stderr(chunk) : .stdout(chunk))
            }
        }
        return true
    }
}

/// By what the times in an attempt's log are read, once it is known.
private struct LogTimes {
    let attempt: AttemptID
    var started: Instant?

    init(_ attempt: AttemptID) { self.attempt = attempt }
}

extension Instant {
    /// The wall time of another moment of the same boot, told in nanoseconds; at the end of the range what lies beyond.
    func wall(at nanoseconds: UInt64) -> WallTime { wall + (BootTime(nanoseconds: Int64(clamping: nanoseconds)) - boot) }
}

/// One wake-up for many causes: the log grew, the job changed, or nothing happened for a while.
final class Ticks: Sendable {
    enum Tick: Sendable { case change, ping }

    private let stream: AsyncStream<Tick>
    private let continuation: AsyncStream<Tick>.Continuation
    private let tasks: [Task<Void, Never>]

    init(_ hub: EventHub, job: JobID) {
        let (stream, continuation) = AsyncStream.makeStream(of: Tick.self, bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        self.continuation = continuation
        let events = hub.follow()
        tasks = [
            Task { for await event in events where event.job == job { continuation.yield(.change) } },
            Task {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(APILimit.pingMilliseconds))
                    continuation.yield(.ping)
                }
            },
        ]
    }

    func tick() { continuation.yield(.change) }

    /// Throws when the follower's task is cancelled, because its client is gone.
    func next() async throws -> Tick {
        var iterator = stream.makeAsyncIterator()
        guard let tick = await iterator.next() else { throw CancellationError() }
        return tick
    }

    func stop() {
        for task in tasks { task.cancel() }
        continuation.finish()
    }
}
