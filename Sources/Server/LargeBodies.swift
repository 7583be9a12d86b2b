import JobModel
import NodeAgent

/// Bodies that take long to read: one of a user at a time is received, and one at all is decoded, on a thread that nobody else needs. A body
/// that waits is not read from its connection.
actor LargeBodies {
    /// From this size on, in bytes. What is not announced by a length may not be longer.
    static let size = 1 << 20
    /// Of decoding.
    nonisolated let queue = WorkQueue("bodies", width: 1)
    private var waiting: [UserID: [CheckedContinuation<Void, Never>]] = [:]

    /// Runs `body` when no other of the user's is at work; in order.
    func alone<T: Sendable>(_ user: UserID, _ body: @Sendable () async throws -> T) async throws -> T {
        if waiting[user] == nil {
            waiting[user] = []
        } else {
            await withCheckedContinuation { waiting[user]?.append($0) }
        }
        defer { next(user) }
        return try await body()
    }

    private func next(_ user: UserID) {
        guard var queue = waiting[user], !queue.isEmpty else {
            waiting[user] = nil
            return
        }
        let first = queue.removeFirst()
        waiting[user] = queue
        first.resume()
    }
}
