import API
import FoundationEssentials
import JobModel
import TestSupport
import Testing

@testable import Server

/// A page written by hand is the page that the encoder would write.
@Suite struct PageTextTests {
    private static let texts = ["", "a", "held by ada", #"say "no" \ / now"#, "tab\tline\nreturn\r", "\u{1}\u{7f}\u{2028}", "schön 船 🚢", "</script>"]

    private func number(_ random: inout SeededGenerator) -> Int { Int.random(in: -3...3_000_000_000, using: &random) }
    private func text(_ random: inout SeededGenerator) -> String { Self.texts.randomElement(using: &random)! }
    private func maybe<T>(_ random: inout SeededGenerator, _ value: (inout SeededGenerator) -> T) -> T? {
        Bool.random(using: &random) ? value(&random) : nil
    }

    private func group(_ random: inout SeededGenerator, whole: Bool) -> TaskGroup {
        let from = TaskIndex.random(in: 0...9, using: &random)
        var group = TaskGroup(state: TaskState.allCases.randomElement(using: &random)!, indices: IntervalSet([from, from + 1, from + 5]), count: 3)
        let reason = PendingReason(.cores, text(&random), field: maybe(&random) { text(&$0) })
        group.reasons = [[], [reason], [reason, PendingReason(.hold, "held")]].randomElement(using: &random)!
        group.estimatedStart = WallTime(milliseconds: Int64(number(&random)))
        group.attempt = AttemptView(id: AttemptID(TaskID(JobID(7), from), 2), state: .running)
        group.attempt?.usage = Usage()
        group.attempt?.note = text(&random)
        group.outcome = OutcomeView(AttemptOutcome.startFailed(operation: text(&random), errno: "ENOENT"))
        if whole { return group }
        if Bool.random(using: &random) { group.indices = nil }
        if Bool.random(using: &random) { group.reasons = nil }
        if Bool.random(using: &random) { group.estimatedStart = nil }
        if Bool.random(using: &random) { group.attempt = nil }
        if Bool.random(using: &random) { group.outcome = nil }
        return group
    }

    private func row(_ random: inout SeededGenerator, whole: Bool) -> JobSummary {
        var counts = TaskCounts()
        (counts.pending, counts.held, counts.running, counts.paused) = (number(&random), 2, 3, 4)
        (counts.succeeded, counts.failed, counts.cancelled) = (5, number(&random), 7)
        var demand = ResourceDemand(cores: Int.random(in: 0...1, using: &random), memory: .gibibytes(2))
        demand.named = Bool.random(using: &random) ? ["gpu": .count(2), "cpu": .instances(["a"])] : [:]
        let groups = (0..<Int.random(in: whole ? 1...3 : 0...3, using: &random)).map { _ in group(&random, whole: whole) }
        var row = JobSummary(
            id: JobID(UInt64.random(in: 1...(.max), using: &random)), owner: UserID(.random(in: 0...(.max), using: &random)),
            ownerName: text(&random),
            redacted: Bool.random(using: &random), queue: text(&random), priority: number(&random), demand: demand,
            timeLimit: TimeSpan(milliseconds: .random(in: .min...(.max), using: &random)),
            submittedAt: WallTime(milliseconds: .random(in: .min...(.max), using: &random)), isArray: Bool.random(using: &random), counts: counts,
            groups: groups)
        (row.name, row.batch, row.image) = (text(&random), text(&random), text(&random))
        row.command = (0..<Int.random(in: 0...3, using: &random)).map { _ in text(&random) }
        row.tags = row.command
        row.arrayLimit = number(&random)
        if whole { return row }
        if Bool.random(using: &random) { row.name = nil }
        if Bool.random(using: &random) { row.batch = nil }
        if Bool.random(using: &random) { row.image = nil }
        if Bool.random(using: &random) { row.command = nil }
        if Bool.random(using: &random) { row.tags = nil }
        if Bool.random(using: &random) { row.arrayLimit = nil }
        return row
    }

    private func isWhole(_ value: Any) -> Bool {
        Mirror(reflecting: value).children.map { Mirror(reflecting: $0.value) }.allSatisfy { $0.displayStyle != .optional || $0.children.count == 1 }
    }

    @Test func itIsWhatTheEncoderWrites() throws {
        for round in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            // Fields that are added later come to be nil here.
            let whole = round % 3 == 0
            let rows = (0..<Int.random(in: whole ? 1...4 : 0...4, using: &random)).map { _ in row(&random, whole: whole) }
            let next = whole || Bool.random(using: &random) ? JobID(UInt64.random(in: 1...(.max), using: &random)) : nil
            let page = ListReply(now: WallTime(milliseconds: Int64(number(&random))), jobs: rows, next: next)
            if whole { #expect(isWhole(page) && rows.allSatisfy(isWhole) && rows.allSatisfy { $0.groups.allSatisfy(isWhole) }) }
            let plain = String(decoding: try replyEncoder().encode(page), as: UTF8.self)
            #expect(try PageText.text(page, replyEncoder()) == plain, "BERTH_SEED=\(Seed.value &+ round)")
        }
    }
}
