import Foundation
import JobModel
import JobStore

@testable import Database

/// A directory that is removed with the object.
final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "berth-database-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/berth.db" }

    func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: path + "/" + name) }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

enum Fixture {
    static func job(_ number: UInt64, array: IntervalSet? = nil) -> JobRecord {
        var spec = JobSpec()
        spec.command = ["/bin/true"]
        spec.array = array.map { ArraySpec(indices: $0) }
        return JobRecord(
            id: JobID(number), owner: Owner(user: UserID(1000), group: GroupID(1000), groups: [], name: "ada"), spec: spec,
            demand: ResourceDemand(cores: 1, memory: .mebibytes(64)), queue: "default", priority: 0, timeLimit: .hours(1),
            submittedAt: WallTime(milliseconds: 5), sequence: number)
    }

    static func attempt(_ job: UInt64, _ index: TaskIndex? = nil, endedAt: Int64 = 100) -> LedgerAttempt {
        LedgerAttempt(
            id: AttemptID(TaskID(JobID(job), index), 1), owner: UserID(1000), ownerName: "ada", name: nil, batch: nil, queue: "default",
            image: nil, node: "n1", demand: ResourceDemand(cores: 1, memory: .mebibytes(64)), timeLimit: .hours(1),
            placement: Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0])), submittedAt: WallTime(milliseconds: 5),
            startedAt: WallTime(milliseconds: 6), endedAt: WallTime(milliseconds: endedAt), queuedFor: .zero, ranFor: .seconds(1),
            pausedFor: .zero,
            outcome: .succeeded, usage: Usage())
    }

    static func ended(_ job: UInt64, endedAt: Int64 = 100) -> LedgerJob {
        LedgerJob(record: Fixture.job(job), tasks: TaskTable(pending: IntervalSet()), endedAt: WallTime(milliseconds: endedAt))
    }

    static func event(_ job: UInt64, at: Int64 = 0) -> Event {
        Event(sequence: 0, at: WallTime(milliseconds: at), kind: .submitted, job: JobID(job))
    }

    /// Job, tasks, ledger row and event of one number: all of them or none.
    static func submission(_ number: UInt64, requestKey: RequestKey? = nil) -> StoreTransaction {
        StoreTransaction(
            changes: [.put(.job(job(number))), .put(.tasks(JobID(number), TaskTable(pending: IntervalSet([0]))))], requestKey: requestKey,
            ledger: [.attempt(attempt(number))], events: [event(number)])
    }
}

/// Where GRDB is imported too, `DatabaseError` alone would be GRDB's, and `Database` its class.
typealias OpeningError = DatabaseError
