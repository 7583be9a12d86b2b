public import API
import JobModel
import JobStore

extension Controller {
    /// Events after a sequence number as one stream: those kept, then those to come.
    ///
    /// A reader that falls behind is filled up from the store, so that none is missed; of others' jobs only kind, ids, owner and time are told.
    public nonisolated func events(_ request: EventRequest, peer: Peer) -> AsyncThrowingStream<EventLine, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: EventLine.self, bufferingPolicy: .bufferingOldest(8192))
        let task = Task {
            do {
                try await self.feed(request, peer, continuation)
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Refuses what no stream of events could be told of, before there is one.
    public nonisolated func check(_ request: EventRequest, peer: Peer) async throws(APIError) { _ = try await eventUser(request, peer) }

    private nonisolated func feed(
        _ request: EventRequest, _ peer: Peer, _ continuation: AsyncThrowingStream<EventLine, any Error>.Continuation
    ) async throws {
        try await require(.events, peer)
        let filter = EventFilter(request, user: try await eventUser(request, peer))
        var last = request.after ?? 0
        var isFirst = true
        repeat {
            // Followed before the store is read, so that nothing falls between.
            let live = hub.follow()
            if !(isFirst && request.after == nil && request.follow) {
                last = try await replay(after: last, isFirst && request.after != nil, filter, peer, continuation)
            }
            isFirst = false
            guard request.follow else { return }
            for await event in live {
                if event.sequence <= last { continue }
                last = event.sequence
                await deliver(event, filter, peer, continuation)
            }
            if await isShuttingDown { return }
        } while !Task.isCancelled
    }

    private nonisolated func replay(
        after sequence: UInt64, _ reportLoss: Bool, _ filter: EventFilter, _ peer: Peer,
        _ continuation: AsyncThrowingStream<EventLine, any Error>.Continuation
    ) async throws -> UInt64 {
        var last = sequence
        while true {
            let page = try await store.events(after: last, limit: 1000)
            if reportLoss, last == sequence, page.oldest > sequence, page.oldest - sequence > 1 {
                continuation.yield(EventLine(lostUpTo: page.oldest - 1))
            }
            for event in page.events { await deliver(event, filter, peer, continuation) }
            guard let newest = page.events.last?.sequence else { return max(last, page.newest) }
            last = newest
        }
    }

    private nonisolated func deliver(
        _ event: Event, _ filter: EventFilter, _ peer: Peer, _ continuation: AsyncThrowingStream<EventLine, any Error>.Continuation
    ) async {
        guard filter.takes(event) else { return }
        let mine = await maySee(event, peer)
        // Whether it is of that batch is private too (contract §8).
        if filter.batch != nil, !mine { return }
        if case .dropped = continuation.yield(EventLine(mine ? event : event.redacted)) {
            // The client does not read: end, so that it resumes by sequence.
            continuation.finish()
        }
    }

    private func maySee(_ event: Event, _ peer: Peer) -> Bool {
        guard let owner = event.owner else { return event.kind == .daemonStarted || settings.access.isOperator(peer) }
        return settings.access.maySeePrivate(peer, owner: owner)
    }

    private func eventUser(_ request: EventRequest, _ peer: Peer) async throws(APIError) -> UserID? {
        guard let text = request.user else { return nil }
        guard let user = await surroundings.userNumber(text) else {
            throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
        }
        return user
    }
}

/// Which events a client asked for.
struct EventFilter: Sendable {
    let jobs: [TaskSelector]?
    let batch: String?
    let user: UserID?
    let kinds: Set<Event.Kind>?

    init(_ request: EventRequest, user: UserID?) {
        jobs = request.jobs
        batch = request.batch
        self.user = user
        kinds = request.kinds.map { Set($0) }
    }

    func takes(_ event: Event) -> Bool {
        if let kinds, !kinds.contains(event.kind) { return false }
        if let batch, event.batch != batch { return false }
        if let user, event.owner != user { return false }
        guard let jobs else { return true }
        guard let job = event.job else { return false }
        return jobs.contains { selector in
            guard selector.jobs.contains(job.value) else { return false }
            guard let indices = selector.indices, let slot = event.task?.slot else { return true }
            return indices.contains(slot)
        }
    }
}

extension Event {
    /// What others may see: contract §8.
    var redacted: Event { Event(sequence: sequence, at: at, kind: kind, job: job, task: task, attempt: attempt, owner: owner) }
}
