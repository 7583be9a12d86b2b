public import JobModel
public import LinuxSys
import Synchronization

/// The logs of attempts below the state directory, a directory for each job: `logs/12/12.3-2.log`; only root enters them.
public final class LogStore: Sendable {
    private let root: Descriptor
    /// Of the job whose attempt was last started: the tasks of an array come one after the other.
    private let latest = Mutex<(job: JobID, directory: Descriptor)?>(nil)

    init(directory: Descriptor) { root = directory }

    /// Makes a job's directory, or opens the one that is there.
    func make(_ job: JobID) throws(SystemError) -> Descriptor {
        if let kept = latest.withLock({ $0 }), kept.job == job { return kept.directory }
        do throws(SystemError) { try root.makeDirectory(job.description, mode: 0o700) } catch {
            if !error.alreadyExists { throw error }
        }
        let directory = try root.open(at: job.description, [.readOnly, .directory, .noFollow])
        latest.withLock { $0 = (job, directory) }
        return directory
    }

    /// An attempt's log; nil when it has none (yet).
    func open(_ attempt: AttemptID) -> Descriptor? {
        let job = try? root.open(at: attempt.task.job.description, [.path, .directory, .noFollow])
        return try? job?.open(at: Self.name(attempt), [.readOnly, .noFollow])
    }

    /// Removes the logs of a job, by descriptor; tells how many entries went.
    @discardableResult
    public func remove(_ job: JobID) throws(SystemError) -> Int {
        latest.withLock { if $0?.job == job { $0 = nil } }
        return try removeTree(at: root, job.description)
    }

    /// Removes one attempt's log, and its job's directory with the last of them; nothing happens if there is none.
    ///
    /// - Parameter keepsDirectory: other tasks of the job may be about to make theirs.
    func remove(_ attempt: AttemptID, keepsDirectory: Bool = false) throws(SystemError) {
        let name = attempt.task.job.description
        do throws(SystemError) {
            let job = try root.open(at: name, [.path, .directory, .noFollow])
            _ = try removeTree(at: job, Self.name(attempt))
        } catch {
            if error.isNotFound { return }
            throw error
        }
        if keepsDirectory { return }
        latest.withLock { if $0?.job == attempt.task.job { $0 = nil } }
        // Not empty as long as another attempt has a log.
        try? root.removeDirectory(name)
    }

    /// The attempts that have a log, by job.
    func attempts() -> [JobID: [AttemptID]] {
        var found: [JobID: [AttemptID]] = [:]
        for name in (try? root.names()) ?? [] {
            guard let number = UInt64(name), let job = try? root.open(at: name, [.readOnly, .directory, .noFollow]) else { continue }
            found[JobID(number)] = ((try? job.names()) ?? []).compactMap { Self.attempt(named: $0) }
        }
        return found
    }

    /// The largest number of a job that has a directory.
    func newest() -> JobID? { ((try? root.names()) ?? []).compactMap(UInt64.init).max().map(JobID.init) }

    private static func name(_ attempt: AttemptID) -> String { containerName(attempt) + ".log" }

    private static func attempt(named name: String) -> AttemptID? {
        guard name.hasSuffix(".log"), let dash = name.lastIndex(of: "-") else { return nil }
        return AttemptID("\(name[..<dash])#\(name[name.index(after: dash)...].dropLast(4))")
    }
}
