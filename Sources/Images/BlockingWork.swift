internal import Dispatch

/// Threads for calls that block, so that none of them holds a thread of the concurrency runtime.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "berth.images.blocking", attributes: .concurrent)

    /// Starts work for which its starter need not wait.
    static func start(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    /// Work that its starters do not wait for, but whoever ends what it works on.
    final class Crew: Sendable {
        private let group = DispatchGroup()

        func start(_ body: @escaping @Sendable () -> Void) { queue.async(group: group, execute: body) }

        func waitUntilIdle() async {
            await withCheckedContinuation { continuation in group.notify(queue: queue) { continuation.resume() } }
        }
    }

    /// Runs `body` on a thread of its own and waits without blocking.
    static func run<T: Sendable>(_ body: @escaping @Sendable () throws(ImageError) -> T) async throws(ImageError) -> T {
        let result: Result<T, ImageError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(ImageError) { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
