public import JobModel
public import LinuxSys

/// The directories of attempts' logs below the state directory: `logs/12/3-2/`; only root enters them.
public final class LogStore: Sendable {
    private let root: Descriptor

    init(directory: Descriptor) { root = directory }

    private static func name(_ attempt: AttemptID) -> String { "\(attempt.task.index.map { "\($0)-" } ?? "")\(attempt.number)" }

    /// Makes an attempt's directory, or opens the one that is there.
    func make(_ attempt: AttemptID) throws(SystemError) -> Descriptor {
        let job = try Self.directory(root, attempt.task.job.description)
        return try Self.directory(job, Self.name(attempt))
    }

    private static func directory(_ parent: Descriptor, _ name: String) throws(SystemError) -> Descriptor {
        do throws(SystemError) { try parent.makeDirectory(name, mode: 0o700) } catch {
            if !error.alreadyExists { throw error }
        }
        return try parent.open(at: name, [.readOnly, .directory, .noFollow])
    }

    /// An attempt's log; nil when it has none (yet).
    public func open(_ attempt: AttemptID) -> Descriptor? {
        guard let job = try? root.open(at: attempt.task.job.description, [.path, .directory, .noFollow]) else { return nil }
        return try? job.open(at: Self.name(attempt), [.readOnly, .directory, .noFollow])
    }

    /// Removes the logs of a job, by descriptor; tells how many entries went.
    @discardableResult
    public func remove(_ job: JobID) throws(SystemError) -> Int { try removeTree(at: root, job.description) }
}
