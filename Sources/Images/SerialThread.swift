internal import Dispatch

/// An actor's own queue: its methods block on the disk and must not hold a thread of the concurrency runtime.
final class SerialThread: SerialExecutor {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    /// Runs `body` on the calling thread once the queue is free; never called from the queue itself.
    func sync<T>(_ body: () throws -> T) rethrows -> T { try queue.sync(execute: body) }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
