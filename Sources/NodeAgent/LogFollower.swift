import Containers
public import JobLog
public import JobModel
import LinuxSys
import Synchronization

/// Reads an attempt's log while PID 1 may still write it.
public final class LogFollower: Sendable {
    private let attempt: AttemptID
    private let file: Descriptor
    private let reader: Mutex<LogReader>
    private let services: NodeServices
    /// A log that is only read has none.
    private let watching = Mutex<LogWatch.Subscription?>(nil)

    /// Nil while the attempt has no log yet. Blocks.
    ///
    /// - Parameter position: bytes that the job printed before; 0 from the start.
    init?(services: NodeServices, attempt: AttemptID, position: UInt64) {
        guard let file = services.logs.open(attempt) else { return nil }
        self.attempt = attempt
        self.file = file
        self.services = services
        reader = Mutex(LogReader(file: file.rawValue, position: position))
    }

    /// Bytes the job printed before the next item.
    public var position: UInt64 { reader.withLock { $0.position } }

    /// The items that are there now; empty when nothing is new.
    public func read(upTo bytes: Int = 1 << 18) async throws -> [LogItem] {
        do {
            return try await services.work.run { try self.reader.withLock { reader throws(JobLogError) in try reader.read(maximumBytes: bytes) } }
        } catch let error as JobLogError { throw UnreadableLog(attempt: attempt, cause: error) }
    }

    /// Throws where it is not a log that this version reads.
    func check() throws(UnreadableLog) {
        do throws(JobLogError) { try reader.withLock { reader throws(JobLogError) in try reader.check() } } catch {
            throw UnreadableLog(attempt: attempt, cause: error)
        }
    }

    /// Calls `changed` whenever the file was written, until the follower goes.
    public func watch(_ changed: @escaping @Sendable () -> Void) throws {
        let subscription = try services.logWatch.add(file, changed)
        watching.withLock { $0 = subscription }
    }
}

/// A log that is not, or not any more, one that this version reads.
public struct UnreadableLog: Error, CustomStringConvertible {
    public let attempt: AttemptID
    public let cause: JobLogError

    public var description: String {
        switch cause {
        case .invalid: "the log of \(attempt) is damaged"
        case .unknownFormat(let found, let latest):
            "the log of \(attempt) is of format \(found), this berthd reads up to \(latest): a later version of Berth wrote it"
        case .system(let number): "the log of \(attempt) cannot be read: \(SystemError.name(of: number))"
        }
    }
}

extension Agent {
    /// A reader of an attempt's log; nil while it has none.
    public nonisolated func follow(_ attempt: AttemptID, from position: UInt64) async throws -> LogFollower? {
        let services = services
        return try await services.work.run { LogFollower(services: services, attempt: attempt, position: position) }
    }

    /// Throws `UnreadableLog` where an attempt has a log that this version does not read.
    public nonisolated func checkLog(of attempt: AttemptID) async throws {
        let services = services
        try await services.work.run { try LogFollower(services: services, attempt: attempt, position: 0)?.check() }
    }
}
