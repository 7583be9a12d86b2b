import API
import FoundationEssentials
import JobModel
import Reports
import TestSupport
import Testing

@testable import Server

/// A report written by hand is the report that the encoder would write.
@Suite struct ReportTextTests {
    private func attempt(_ random: inout SeededGenerator, quotes: Bool) -> LedgerAttempt {
        func maybe(_ most: UInt64) -> UInt64? { Bool.random(using: &random) ? UInt64.random(in: 0...most, using: &random) : nil }
        var usage = Usage()
        (usage.cpuUserMicroseconds, usage.cpuSystemMicroseconds, usage.memoryPeak) = (
            maybe(1 << 40), maybe(1 << 30), maybe(1 << 33).map { Bytes($0) }
        )
        (usage.readBytes, usage.logBytes, usage.pidsPeak, usage.minorFaults) = (maybe(1 << 50), maybe(9), maybe(3), maybe(1 << 20))
        usage.ioPartial = Bool.random(using: &random)
        let id = AttemptID(TaskID(JobID(UInt64.random(in: 1...40, using: &random)), 3), 1)
        let ran = Int64.random(in: 0...3_000_000, using: &random)
        let user = UInt32.random(in: 0...3, using: &random)
        return LedgerAttempt(
            id: id, owner: UserID(user), ownerName: quotes ? "user \"\(user)\" ü" : "user/\(user) ü", name: nil,
            batch: ["a", quotes ? "b/\n" : "b", nil].randomElement(using: &random)!,
            queue: "default", image: ["x", "/y"].randomElement(using: &random)!, node: "n",
            demand: ResourceDemand(cores: Int.random(in: 0...2, using: &random), memory: .gibibytes(1)), timeLimit: .hours(1),
            placement: Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0])), submittedAt: WallTime(milliseconds: 5),
            startedAt: Bool.random(using: &random) ? WallTime(milliseconds: 1_790_000_000_000) : nil,
            endedAt: WallTime(milliseconds: 1_790_000_000_000 + ran), queuedFor: TimeSpan(milliseconds: ran / 3), ranFor: TimeSpan(milliseconds: ran),
            pausedFor: .zero, outcome: [.succeeded, .failed(code: 3), .timedOut].randomElement(using: &random)!, usage: usage)
    }

    private func isWhole(_ value: Any) -> Bool {
        Mirror(reflecting: value).children.map { Mirror(reflecting: $0.value) }.allSatisfy { $0.displayStyle != .optional || $0.children.count == 1 }
    }

    @Test func itIsWhatTheEncoderWrites() throws {
        // Fields that are added later come to be nil in this one.
        var whole: Set<String> = []
        var readings = 0
        for round in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            // What is written in another way in JSON is not for the quick reader.
            let quotes = round % 4 == 0
            let grouping = ReportRequest.Grouping.allCases.randomElement(using: &random)!
            var builder = ReportTable.Builder(by: grouping, limit: Bool.random(using: &random) ? 2 : nil)
            var plots = ReportPlots.Builder(cores: 2, memory: .gibibytes(4))
            var reports: [AttemptReport] = []
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                let attempt = attempt(&random, quotes: quotes)
                builder.add(attempt)
                plots.add(AttemptFacts(attempt))
                reports.append(AttemptReport(attempt))
            }
            let isBounded = Bool.random(using: &random)
            var table = builder.table(since: isBounded ? WallTime(milliseconds: -3) : nil, until: isBounded ? WallTime(milliseconds: .max) : nil)
            if Bool.random(using: &random) { table.machine = Reconciliation(group: "g", since: WallTime(milliseconds: 1), running: 0, lines: []) }
            var report = ReportReply(table: round % 5 == 0 ? nil : table, attempts: reports)
            if Bool.random(using: &random) { (report.plots, report.truncated) = (plots.plots, true) }
            if let first = reports.first, Bool.random(using: &random) { report.job = JobReport(first, total: ReportTotal()) }
            let plain = String(decoding: try replyEncoder().encode(report), as: UTF8.self)
            #expect(try ReportText.text(report, replyEncoder()) == plain, "BERTH_SEED=\(Seed.value &+ round)")
            if let read = ReportReply(reading: Array(plain.utf8)) {
                readings += 1
                #expect(read == report, "BERTH_SEED=\(Seed.value &+ round)")
            }
            if isWhole(report) { whole.insert("reply") }
            if isWhole(table) { whole.insert("table") }
            if table.rows.contains(where: isWhole) { whole.insert("row") }
            if table.rows.contains(where: { $0.cpu.value != nil && $0.cpu.partial }) { whole.insert("sum") }
        }
        #expect(readings > 20)
        #expect(whole == ["reply", "table", "row", "sum"])
    }

    /// What is cut off or damaged is left to the decoder, or says what the decoder reads in it.
    @Test func whatIsDamagedIsNotReadWrongly() throws {
        var random = SeededGenerator(seed: Seed.value)
        var builder = ReportTable.Builder(by: .user)
        for _ in 0..<5 { builder.add(attempt(&random, quotes: false)) }
        let bytes = Array(try ReportText.text(ReportReply(table: builder.table()), replyEncoder()).utf8)
        #expect(ReportReply(reading: bytes) != nil)
        for end in 0..<bytes.count where end % 7 == 0 { #expect(ReportReply(reading: Array(bytes[..<end])) == nil) }
        for _ in 0..<1000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
            guard let read = ReportReply(reading: damaged) else { continue }
            guard let decoded = try? JSONDecoder().decode(ReportReply.self, from: Data(damaged)) else { continue }
            #expect(read == decoded, "BERTH_SEED=\(Seed.value)")
        }
    }

    /// Digits as the encoder writes them.
    @Test func numbersWithAPoint() throws {
        for value in [0, 1, -1, 0.5, 1e15, 1e16, 123_456_789_012_345_680, 1e-7, 1e300, 3.0000000000000004, .greatestFiniteMagnitude, -0.0] as [Double]
        {
            var json = JSONText(replyEncoder(), room: 0)
            try json.object { try $0.member("a", value) }
            #expect(json.text == String(decoding: try replyEncoder().encode(["a": value]), as: UTF8.self))
        }
    }
}
