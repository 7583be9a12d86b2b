import JobModel
import Testing

@testable import Reports

/// Efficiency and advice for one job.
@Suite struct AdvisorTests {
    private func advice(_ attempts: [LedgerAttempt], _ demand: ResourceDemand, limit: TimeSpan = .hours(1)) -> [String: ReportAdvice] {
        var total = ReportTotal()
        for attempt in attempts { total.add(attempt) }
        return Dictionary(uniqueKeysWithValues: total.advice(demand, timeLimit: limit).map { ($0.field, $0) })
    }

    private func usage(cpu: UInt64, reaped: UInt64? = nil, peak: Bytes? = nil) -> Usage {
        var usage = Ledger.usage(user: cpu, system: 0, peak: peak)
        usage.reapedCpuMicroseconds = reaped
        return usage
    }

    // MARK: Efficiency

    /// 50 ms on one core: the start, which the group counts too, is no part of it.
    @Test func aRunOf50Milliseconds() throws {
        func efficiency(_ ran: Int64, _ usage: Usage) -> Double? {
            AttemptReport(Ledger.attempt(1, cores: 1, ranMs: ran, usage: usage)).cpuEfficiency
        }
        #expect(efficiency(50, usage(cpu: 62_000, reaped: 45_000)) == 0.9)
        #expect(efficiency(50, usage(cpu: 40_000, reaped: 2_500)) == 0.05, "one that slept")
        // Never more than all, though the start of the job's own process belongs to what was reaped.
        #expect(efficiency(50, usage(cpu: 90_000, reaped: 70_000)) == 1)
        // Times are kept to a millisecond.
        #expect(efficiency(4, usage(cpu: 9_000, reaped: 3_000)) == nil)
    }

    /// Where nobody waits for a process, it is not reaped; the group counted it.
    @Test func aProcessThatNobodyReapedCounts() throws {
        let attempt = Ledger.attempt(1, cores: 1, ranMs: 10_000, usage: usage(cpu: 8_100_000, reaped: 1_000))
        #expect(AttemptReport(attempt).cpuEfficiency == 0.8)
    }

    // MARK: Memory

    @Test func memoryHasAFifthToSpare() throws {
        let demand = ResourceDemand(cores: 1, memory: .mebibytes(512))
        let much = try #require(advice([Ledger.attempt(1, usage: usage(cpu: 1, peak: .mebibytes(100)))], demand)["memory"])
        #expect((much.asked, much.suggested) == ("512M", "128M"), "\(much)")
        let near = try #require(advice([Ledger.attempt(1, usage: usage(cpu: 1, peak: .mebibytes(450)))], demand)["memory"])
        #expect(near.suggested == "544M")
        let fits = try #require(advice([Ledger.attempt(1, usage: usage(cpu: 1, peak: .mebibytes(400)))], demand)["memory"])
        #expect(fits.suggested == nil && fits.reason.contains("fits"))
        // The largest of all runs counts, and a short one's peak is as true as a long one's.
        let two = [
            Ledger.attempt(1, 0, ranMs: 20, usage: usage(cpu: 1, peak: .mebibytes(200))),
            Ledger.attempt(1, 1, usage: usage(cpu: 1, peak: .mebibytes(9))),
        ]
        #expect(advice(two, demand)["memory"]?.suggested == "256M")
        // At the limit nobody knows what is cache.
        var full = usage(cpu: 1, peak: .mebibytes(512))
        full.memoryFailures = 7
        let limit = try #require(advice([Ledger.attempt(1, usage: full)], demand)["memory"])
        #expect(limit.suggested == nil && limit.reason.contains("7 times"), "\(limit)")
    }

    @Test func lackOfMemoryAsksForMore() throws {
        let demand = ResourceDemand(cores: 1, memory: .mebibytes(100))
        let attempt = Ledger.attempt(1, outcome: .outOfMemory, usage: usage(cpu: 1, peak: .mebibytes(100)))
        let found = try #require(advice([attempt], demand)["memory"])
        #expect(found.suggested == "224M" && found.reason.contains("lack"), "\(found)")
        // With more it went well.
        let again = Ledger.attempt(1, number: 2, usage: usage(cpu: 1, peak: .mebibytes(150)))
        let later = try #require(advice([again, attempt], ResourceDemand(cores: 1, memory: .mebibytes(200)))["memory"])
        #expect(later.suggested == nil, "\(later)")
    }

    // MARK: Cores and time

    @Test func coresAreThoseThatWereBusy() throws {
        func cores(_ busy: UInt64, of count: Int, ran: Int64 = 10_000) throws -> ReportAdvice {
            let attempt = Ledger.attempt(1, cores: count, ranMs: ran, usage: usage(cpu: busy * UInt64(ran), reaped: busy * UInt64(ran)))
            let all = advice([attempt], ResourceDemand(cores: count, memory: .mebibytes(100)))
            return try #require(all["cores"] ?? all["cpu"])
        }
        #expect(try cores(1050, of: 4).suggested == "1")
        #expect(try cores(1500, of: 4).suggested == "2")
        #expect(try cores(3950, of: 4).suggested == nil)
        let share = try cores(200, of: 1)
        #expect((share.field, share.suggested) == ("cpu", "0.3"), "\(share)")
        // Half a second is no measure.
        let short = try cores(1000, of: 4, ran: 500)
        #expect(short.suggested == nil && short.reason.contains("too short"), "\(short)")
    }

    @Test func aThrottledShareGrows() throws {
        var used = usage(cpu: 3_000_000, reaped: 3_000_000)
        used.throttledMicroseconds = 4_000_000
        let attempt = Ledger.attempt(1, cores: 0, cpuMillis: 300, usage: used)
        let found = try #require(advice([attempt], ResourceDemand(cores: 0, cpuMillis: 300, memory: .mebibytes(100)))["cpu"])
        #expect((found.asked, found.suggested) == ("0.3", "0.5") && found.reason.contains("40%"), "\(found)")
    }

    @Test func timeHasHalfToSpare() throws {
        let demand = ResourceDemand(cores: 1, memory: .mebibytes(100))
        #expect(advice([Ledger.attempt(1, ranMs: 600_000)], demand)["time_limit"]?.suggested == "15m")
        #expect(advice([Ledger.attempt(1, ranMs: 600_000)], demand, limit: .minutes(20))["time_limit"]?.suggested == nil)
        #expect(advice([Ledger.attempt(1, ranMs: 600_000, outcome: .timedOut)], demand, limit: .minutes(10))["time_limit"]?.suggested == "20m")
    }

    @Test func nothingIsSaidOfWhatNeverSucceeded() {
        let found = advice(
            [Ledger.attempt(1, outcome: .failed(code: 1), usage: usage(cpu: 1, peak: .mebibytes(1)))],
            ResourceDemand(cores: 4, memory: .mebibytes(100)))
        #expect(found.values.allSatisfy { $0.suggested == nil && $0.reason.contains("too little is known") }, "\(found)")
    }
}
