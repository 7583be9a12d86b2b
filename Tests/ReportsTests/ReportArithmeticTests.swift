import Foundation
import API
import JobModel
import Testing

@testable import Reports

@Suite struct ReportArithmeticTests {
    @Test func efficiencyIsOfWhatWasGiven() {
        // 2 cores for 10 s are 20 s of CPU time; 4 + 1 s were used. What it was paused does not count.
        let usage = Ledger.usage(user: 4_000_000, system: 1_000_000, peak: .mebibytes(25))
        let report = AttemptReport(Ledger.attempt(1, pausedMs: 60_000, usage: usage))
        #expect(report.cpuEfficiency == 0.25)
        #expect(report.memoryEfficiency == 0.25)
        #expect(report.cpus == CpuSet([0, 1]))
        // Half a CPU of the shared pool.
        let shared = AttemptReport(Ledger.attempt(1, cores: 0, cpuMillis: 500, usage: usage))
        #expect(shared.cpuEfficiency == 1)
        #expect(shared.shared)
    }

    @Test func whatIsNotCountedIsNotZero() {
        let report = AttemptReport(Ledger.attempt(1, usage: Ledger.usage(user: 5)))
        #expect(report.cpuEfficiency == nil && report.memoryEfficiency == nil)
        #expect(AttemptReport(Ledger.attempt(1, ranMs: 0, usage: Ledger.usage(user: 1, system: 1))).cpuEfficiency == nil)
        var builder = ReportTable.Builder(by: .user)
        builder.add(Ledger.attempt(1))
        let row = builder.table().total
        #expect(row.cpu == ReportSum() && row.memoryPeak == ReportSum() && row.readBytes == ReportSum())
        #expect(row.cpuEfficiency == nil)
    }

    /// Most of what a run of a few milliseconds used is its start.
    @Test func aShortRunHasNoEfficiency() {
        let usage = Ledger.usage(user: 30_000, system: 30_000)
        #expect(AttemptReport(Ledger.attempt(1, ranMs: 40, usage: usage)).cpuEfficiency == nil)
        #expect(AttemptReport(Ledger.attempt(1, ranMs: 50, usage: usage)).cpuEfficiency == 0.6)
        var list = ReportTotal()
        for job in UInt64(1)...3 { list.add(Ledger.attempt(job, ranMs: 40, usage: usage)) }
        #expect(list.row.cpuEfficiency == 0.75, "together they tell")
    }

    @Test func sumsOfSomeAreMarkedPartial() {
        var builder = ReportTable.Builder(by: .user)
        builder.add(
            Ledger.attempt(1, usage: Ledger.usage(user: 3_000_000, system: 1_000_000, peak: Bytes(7), read: 10, written: 5, partial: true)))
        builder.add(Ledger.attempt(2, usage: Ledger.usage(read: 20, written: 6)))
        let row = builder.table().total
        #expect(row.cpu == ReportSum(value: 4_000_000, partial: true))
        // Only over the attempt whose time was counted: 4 of 20 s.
        #expect(row.cpuEfficiency == 0.2)
        #expect(row.coreSeconds == 40)
        #expect(row.memoryPeak == ReportSum(value: 7, partial: true))
        #expect(row.readBytes == ReportSum(value: 30, partial: false))
        #expect(row.writtenBytes == ReportSum(value: 11, partial: true))
    }

    @Test func percentilesAreNearestRanks() throws {
        let percentiles = try #require(Percentiles((1...100).shuffled().map { TimeSpan(milliseconds: $0) }))
        #expect(percentiles.p50.milliseconds == 50)
        #expect(percentiles.p90.milliseconds == 90)
        #expect(percentiles.p99.milliseconds == 99)
        #expect(percentiles.max.milliseconds == 100)
        let one = try #require(Percentiles([TimeSpan(milliseconds: 7)]))
        #expect([one.p50, one.p90, one.p99, one.max].allSatisfy { $0.milliseconds == 7 })
        #expect(Percentiles([TimeSpan(milliseconds: 1), TimeSpan(milliseconds: 2)])?.p50.milliseconds == 1)
        #expect(Percentiles([]) == nil)
    }

    @Test func rowsByUserAndBatch() throws {
        let attempts = [
            Ledger.attempt(1, 0, batch: "a", outcome: .failed(code: 1)), Ledger.attempt(1, 0, number: 2, batch: "a"),
            Ledger.attempt(1, 1, batch: "a"),
            Ledger.attempt(
                2, batch: "b", queuedMs: 5000, ranMs: 0, started: false, outcome: .startFailed(operation: "mount", errno: "ENOENT")),
            Ledger.attempt(3, user: 1001, name: "bob", batch: "a"),
            Ledger.attempt(4, user: 1001, name: "bob", pausedMs: 300, outcome: .killed(signal: 9)),
        ]
        var byUser = ReportTable.Builder(by: .user)
        var byBatch = ReportTable.Builder(by: .batch)
        for attempt in attempts {
            byUser.add(attempt)
            byBatch.add(attempt)
        }
        // A job whose tasks were all cancelled before they started has no attempt, but is a job.
        #expect(byUser.isKnown(JobID(1)) && byUser.isKnown(JobID(4)) && !byUser.isKnown(JobID(5)))
        byUser.add(Ledger.job(5))
        let users = byUser.table(since: WallTime(milliseconds: 3))
        #expect(users.rows.map(\.label) == ["ada", "bob"])
        #expect(users.rows.map(\.jobs) == [3, 2])
        #expect(users.rows.map(\.attempts) == [4, 2])
        #expect(users.rows[0].outcomes == ["failed": 1, "succeeded": 2, "startFailed": 1])
        #expect(users.rows[0].coreSeconds == 60)
        #expect(users.rows[0].queued?.max == .seconds(5))
        // The one that never started does not pull down the times of running.
        #expect(users.rows[0].ran?.p50 == .seconds(10))
        #expect(users.rows[1].pausedFor.milliseconds == 300)
        #expect((users.total.jobs, users.total.attempts, users.total.coreSeconds) == (5, 6, 100))
        // One name of two users is two batches.
        let batches = byBatch.table()
        #expect(batches.rows.map(\.label) == ["ada/a", "ada/b", "bob/-", "bob/a"])
        #expect(batches.rows.map(\.attempts) == [3, 1, 1, 1])
        #expect(batches.rows[0].user == UserID(1000) && batches.rows[0].batch == "a" && batches.rows[2].batch == nil)
    }

    @Test func rowsByQueueAndJob() {
        var byQueue = ReportTable.Builder(by: .queue)
        var byJob = ReportTable.Builder(by: .job)
        for attempt in [
            Ledger.attempt(10), Ledger.attempt(9, user: 1001, name: "bob"), Ledger.attempt(9, number: 2, user: 1001, name: "bob"),
        ] {
            byQueue.add(attempt)
            byJob.add(attempt)
        }
        byJob.add(Ledger.job(11))
        #expect(byQueue.table().rows.map(\.label) == ["default"])
        #expect(byQueue.table().rows[0].jobs == 2)
        #expect(byJob.table().rows.map(\.label) == ["9", "10", "11"])
        #expect(byJob.table().rows.map(\.attempts) == [2, 1, 0])
        #expect(byJob.table().rows[0].user == UserID(1001))
    }

    @Test func aJobsReport() {
        var list = ReportTotal()
        for index in TaskIndex(0)..<40 { list.add(Ledger.attempt(7, index, usage: Ledger.usage(user: 1_000_000, system: 500_000))) }
        let job = Ledger.job(7, batch: "b", jobName: "train")
        let report = JobReport(record: job.record, tasks: job.tasks, endedAt: job.endedAt, total: list)
        #expect((report.tasks?.succeeded, report.tasks?.unsuccessful, report.tasks?.cancelled, report.tasks?.dependencyFailed) == (6, 4, 1, 1))
        #expect(report.total.attempts == 40 && report.total.jobs == 1)
        #expect((report.total.cpuUser.value, report.total.cpuSystem.value, report.total.cpu.value) == (40_000_000, 20_000_000, 60_000_000))
        #expect(report.total.cpuEfficiency == 0.075)
        #expect((report.total.queuedFor, report.total.ranFor) == (.seconds(40), .seconds(400)))
    }

    /// One that failed before its first instruction used nothing that could have been counted, so it makes no sum partial.
    @Test func whatNeverStartedIsNotMissing() {
        var list = ReportTotal()
        list.add(Ledger.attempt(1, usage: Ledger.usage(user: 1, system: 2, peak: Bytes(3))))
        list.add(Ledger.attempt(2, ranMs: 0, started: false, outcome: .startFailed(operation: "mount", errno: "ENOENT")))
        #expect(list.row.cpu == ReportSum(value: 3, partial: false))
        #expect(list.row.memoryPeak == ReportSum(value: 3, partial: false))
        list.add(Ledger.attempt(3))
        #expect(list.row.cpu == ReportSum(value: 3, partial: true))
    }

    @Test func valuesComeBackFromJSON() throws {
        var builder = ReportTable.Builder(by: .batch)
        builder.add(Ledger.attempt(1, usage: Ledger.usage(user: 1, system: 2, peak: Bytes(3))))
        let table = builder.table(until: WallTime(milliseconds: 9))
        let data = try JSONEncoder().encode(table)
        #expect(try JSONDecoder().decode(ReportTable.self, from: data) == table)
        var reply = ReportReply(attempts: [AttemptReport(Ledger.attempt(1, 3))])
        reply.job = JobReport(record: Ledger.job(1).record, tasks: Ledger.job(1).tasks, total: ReportTotal())
        #expect(try JSONDecoder().decode(ReportReply.self, from: JSONEncoder().encode(reply)) == reply)
        #expect(String(decoding: try JSONEncoder().encode(reply), as: UTF8.self).contains("\"version\":1"))
    }
}
