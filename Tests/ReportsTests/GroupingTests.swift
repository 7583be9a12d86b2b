import API
import JobModel
import TestSupport
import Testing

@testable import Reports

/// Rows by each of what reports group by, and that they add up.
@Suite struct GroupingTests {
    @Test func daysAreTheAskers() {
        // 1969-12-31 23:59:59, 2024-02-29, 2100-03-01 (no leap year), an hour before midnight in a zone an hour east.
        #expect(Days.label(-1) == "1969-12-31" && Days.label(19_782) == "2024-02-29" && Days.label(47_541) == "2100-03-01")
        let days = Days { _ in 3600 }
        #expect(days.day(WallTime(milliseconds: 82_799_999)) == 0 && days.day(WallTime(milliseconds: 82_800_000)) == 1)
        #expect(days.day(WallTime(milliseconds: -3_600_001)) == -1)
    }

    @Test func rowsByImageNodeDayAndOutcome() {
        var first = Ledger.attempt(3)
        (first.image, first.node, first.endedAt) = ("debian:13", "n2", WallTime(milliseconds: 86_400_000))
        var second = Ledger.attempt(2, outcome: .timedOut)
        (second.image, second.node, second.endedAt) = (nil, "n1", WallTime(milliseconds: 5))
        func labels(_ grouping: ReportRequest.Grouping) -> [String] {
            var builder = ReportTable.Builder(by: grouping)
            builder.add(first)
            builder.add(second)
            return builder.table().rows.map(\.label)
        }
        #expect(labels(.image) == ["-", "debian:13"])
        #expect(labels(.node) == ["n1", "n2"])
        #expect(labels(.day) == ["1970-01-01", "1970-01-02"])
        #expect(labels(.outcome) == ["succeeded", "timedOut"])
    }

    /// Attempts as a ledger may hold them, the newest job first.
    private func attempts(_ count: UInt64, using generator: inout SeededGenerator) -> [AttemptFacts] {
        var all: [AttemptFacts] = []
        for job in (1...count).reversed() {
            for number in (UInt32(1)...UInt32.random(in: 1...3, using: &generator)).reversed() {
                var usage = Usage()
                func maybe() -> UInt64? {
                    Bool.random(using: &generator) ? UInt64.random(in: 0...5_000_000, using: &generator) : nil
                }
                (usage.cpuUserMicroseconds, usage.cpuSystemMicroseconds, usage.readBytes) = (maybe(), maybe(), maybe())
                (usage.memoryPeak, usage.minorFaults, usage.writtenBytes) = (maybe().map { Bytes($0) }, maybe(), maybe())
                var attempt = Ledger.attempt(
                    job, number: number, user: UInt32.random(in: 1000...1004, using: &generator),
                    batch: ["a", "b", nil].randomElement(using: &generator) ?? nil,
                    cores: Int.random(in: 1...9, using: &generator), queuedMs: Int64.random(in: 0...9999, using: &generator),
                    ranMs: Int64.random(in: 0...9999, using: &generator), pausedMs: Int64.random(in: 0...99, using: &generator),
                    outcome: [.succeeded, .timedOut, .cancelled, .failed(code: 1)].randomElement(using: &generator) ?? .succeeded, usage: usage)
                attempt.endedAt = WallTime(milliseconds: Int64.random(in: 0...(86_400_000 * 9), using: &generator))
                attempt.node = ["n1", "n2", "n3"].randomElement(using: &generator) ?? ""
                all.append(AttemptFacts(attempt))
            }
        }
        return all
    }

    private func expectSums(_ table: ReportTable, _ note: String) {
        func sum(_ value: (ReportRow) -> Int64) -> Int64 { table.rows.reduce(0) { $0 + value($1) } }
        let total = table.total
        #expect(sum { Int64($0.jobs) } == Int64(total.jobs), "\(note)")
        #expect(sum { Int64($0.attempts) } == Int64(total.attempts), "\(note)")
        for span in [\ReportRow.queuedFor, \.startingFor, \.ranFor, \.pausedFor] {
            #expect(sum { $0[keyPath: span].milliseconds } == total[keyPath: span].milliseconds, "\(note) \(span)")
        }
        #expect(sum { Int64(($0.coreSeconds * 1_000_000).rounded()) } == Int64((total.coreSeconds * 1_000_000).rounded()), "\(note)")
        for counter in [\ReportRow.cpu, \.cpuUser, \.cpuSystem, \.readBytes, \.writtenBytes, \.counts.minorFaults, \.counts.logBytes] {
            #expect(sum { Int64($0[keyPath: counter].value ?? 0) } == Int64(total[keyPath: counter].value ?? 0), "\(note) \(counter)")
        }
        #expect(table.rows.compactMap(\.memoryPeak.value).max() == total.memoryPeak.value, "\(note)")
        for kind in AttemptOutcome.Kind.allCases {
            #expect(sum { Int64($0.outcomes[kind.rawValue] ?? 0) } == Int64(total.outcomes[kind.rawValue] ?? 0), "\(note)")
        }
    }

    /// Whatever is grouped by, and wherever the limit cuts, every figure of the total is the sum of those of the rows.
    @Test func rowsAddUpToTheTotal() {
        var generator = SeededGenerator()
        let all = attempts(300, using: &generator)
        var totals: Set<Int> = []
        for grouping in ReportRequest.Grouping.allCases {
            for limit in [nil, 1, 2, 7] {
                var builder = ReportTable.Builder(by: grouping, limit: limit)
                for attempt in all { builder.add(attempt) }
                builder.add(Ledger.job(500))
                let table = builder.table()
                if let limit { #expect(table.rows.count <= limit + 1) }
                if let others = table.others { #expect(table.rows.last?.label == "others" && others > 0) }
                expectSums(table, "seed \(generator.seed), by \(grouping), limit \(limit ?? 0)")
                totals.insert(table.total.attempts)
                #expect(table.total.jobs == 301)
            }
        }
        #expect(totals == [all.count])
    }

    @Test func theNewestJobsHaveRows() {
        var builder = ReportTable.Builder(by: .job, limit: 3)
        for job in (UInt64(1)...10).reversed() { builder.add(Ledger.attempt(job)) }
        let table = builder.table()
        #expect(table.rows.map(\.label) == ["8", "9", "10", "others"] && table.others == 7)
        #expect(table.rows[3].jobs == 7 && table.rows[3].attempts == 7)
    }

    // MARK: Spread

    @Test func fewTimesAreSpreadExactly() throws {
        var generator = SeededGenerator()
        let values = (0..<5000).map { _ in TimeSpan(milliseconds: Int64.random(in: 0...10_000_000, using: &generator)) }
        var spread = SpanSpread()
        for value in values { spread.add(value) }
        #expect(spread.percentiles == Percentiles(values), "seed \(generator.seed)")
    }

    /// Very many cost no more memory, and are right to a thousandth; added up in parts they are the same.
    @Test func manyTimesAreSpreadToAThousandth() throws {
        var generator = SeededGenerator()
        let values = (0..<60_000).map { _ in
            TimeSpan(milliseconds: Int64(1) << Int64.random(in: 0...33, using: &generator) + Int64.random(in: 0...999, using: &generator))
        }
        var (whole, parts) = (SpanSpread(), [SpanSpread](repeating: SpanSpread(), count: 7))
        for (index, value) in values.enumerated() {
            whole.add(value)
            parts[index % 7].add(value)
        }
        var sum = SpanSpread()
        for part in parts { sum.add(part) }
        let (exact, found) = (try #require(Percentiles(values)), try #require(whole.percentiles))
        #expect(found == sum.percentiles && found.max == exact.max, "seed \(generator.seed)")
        for rank in [\Percentiles.p50, \.p90, \.p99] {
            let (wanted, got) = (exact[keyPath: rank].milliseconds, found[keyPath: rank].milliseconds)
            #expect(got <= wanted && wanted - got <= wanted / 1000, "\(got) for \(wanted), seed \(generator.seed)")
        }
        // Every step begins with its least value.
        for value in [0, 1, 2047, 2048, 2049, 2050, 4095, 4096, 123_456_789, 1 << 43] as [Int64] {
            let index = SpanSpread.index(of: value)
            #expect(SpanSpread.value(at: index) <= value && SpanSpread.value(at: index + 1) > value, "\(value)")
        }
    }
}
