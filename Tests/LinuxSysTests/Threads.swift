import Dispatch

/// Runs `work` on a thread of its own while `body` runs, and waits for both.
func withThread(_ work: @escaping @Sendable () -> Void, during body: () throws -> Void) throws {
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group, execute: work)
    defer { group.wait() }
    try body()
}
