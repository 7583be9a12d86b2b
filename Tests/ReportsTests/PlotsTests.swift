import JobModel
import TestSupport
import Testing

@testable import Reports

/// Use over time and waits by size.
@Suite struct PlotsTests {
    private func attempt(_ job: UInt64, from: Int64, to: Int64, cores: Int = 1, paused: Int64 = 0, cpu: UInt64 = 0) -> AttemptFacts {
        var attempt = Ledger.attempt(
            job, cores: cores, ranMs: to - from - paused, pausedMs: paused, usage: Ledger.usage(user: cpu, system: 0, peak: .mebibytes(50)))
        (attempt.startedAt, attempt.endedAt) = (WallTime(milliseconds: from), WallTime(milliseconds: to))
        return AttemptFacts(attempt)
    }

    @Test func bucketsHoldWhatLiesInThem() {
        var builder = ReportPlots.Builder(cores: 4, memory: .gibibytes(1))
        // 2 cores from 1.5 s to 3.5 s, half busy; 1 core from 3 s to 4 s, all of it frozen.
        builder.add(attempt(1, from: 1500, to: 3500, cores: 2, cpu: 2_000_000))
        builder.add(attempt(2, from: 3000, to: 4000, paused: 1000))
        let plots = builder.plots
        #expect(plots.step == .seconds(1) && plots.buckets.map(\.start.milliseconds) == [1000, 2000, 3000])
        #expect(plots.buckets.map(\.cores) == [1, 2, 1])
        #expect(plots.buckets.map(\.busy) == [0.5, 1, 0.5])
        #expect(plots.buckets.map(\.memory) == [.mebibytes(50), .mebibytes(100), .mebibytes(150)])
        #expect(plots.buckets.map(\.peak) == [.mebibytes(25), .mebibytes(50), .mebibytes(75)])
        #expect(plots.buckets.map(\.ended) == [0, 0, 2])
    }

    /// However long the period, there are not many buckets, and nothing of what they hold is lost.
    @Test func longPeriodsHaveLongerBuckets() {
        var generator = SeededGenerator()
        for span in [1_000, 400_000, 90_000_000, 40_000_000_000] as [Int64] {
            var builder = ReportPlots.Builder(cores: 4, memory: .gibibytes(1), secondsFromUTC: 3600)
            var given = 0.0
            for job in UInt64(1)...200 {
                let from = 1_700_000_000_000 + Int64.random(in: 0..<span, using: &generator)
                let length = Int64.random(in: 1...max(span / 10, 2), using: &generator)
                builder.add(attempt(job, from: from, to: from + length, cores: 3))
                given += 3 * Double(length) / 1000
            }
            let plots = builder.plots
            let sum = plots.buckets.reduce(0) { $0 + $1.cores } * plots.step.inSeconds
            #expect(abs(sum - given) < given / 1_000_000, "seed \(generator.seed), \(span)")
            #expect(plots.buckets.count <= ReportPlots.Builder.mostBuckets && plots.buckets.reduce(0) { $0 + $1.ended } == 200)
            for (bucket, next) in zip(plots.buckets, plots.buckets.dropFirst()) { #expect(next.start - bucket.start == plots.step) }
        }
    }

    @Test func waitsAreBySize() {
        var builder = ReportPlots.Builder(cores: 4, memory: .gibibytes(1))
        for (job, cores) in [(UInt64(1), 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 16)] { builder.add(attempt(job, from: 0, to: 1000, cores: cores)) }
        builder.add(AttemptFacts(Ledger.attempt(7, cores: 0, cpuMillis: 300, queuedMs: 8000)))
        let waits = builder.plots.waits
        #expect(waits.map(\.size) == ["<1", "1", "2", "3–4", "5–8", "9–16"] && waits.map(\.attempts) == [1, 1, 1, 2, 1, 1])
        #expect(waits[0].waited.p50 == .seconds(8))
    }

    @Test func ticksAreRoundTimes() {
        let axis = TimeAxis(
            from: WallTime(milliseconds: 1_000_000), until: WallTime(milliseconds: 4_600_000), left: 0, width: 100, offset: 7200)
        // 02:16:40 to 03:16:40 in a zone two hours east.
        #expect(axis.ticks.map(\.label) == ["01-01 02:30", "02:45", "03:00", "03:15"])
        #expect(axis.x(WallTime(milliseconds: 2_800_000)) == 50)
        let month = TimeAxis(from: WallTime(milliseconds: 0), until: WallTime(milliseconds: 86_400_000 * 8), left: 0, width: 100, offset: 0)
        #expect(month.ticks.first?.label == "1970-01-01" && month.ticks.count == 9)
    }
}
