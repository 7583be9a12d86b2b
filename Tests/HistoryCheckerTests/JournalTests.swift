import HistoryChecker
import LinuxSys
import TestSupport
import Testing

@Suite struct JournalTests {
    @Test func linesAreRead() throws {
        let journal = try #require(Journal(text: "start 1 26894.71 0-1,3\ntick 1 26894.76 0\nend 1 26895.00 0 12 3\n"))
        #expect(
            journal.lines == [
                .init(.start, attempt: 1, at: 26_894_710_000_000, cpus: [0, 1, 3]), .init(.tick, attempt: 1, at: 26_894_760_000_000, cpus: [0]),
                .init(.end, attempt: 1, at: 26_895_000_000_000, cpus: [0], cpuMicroseconds: 120_000, code: 3),
            ])
    }

    @Test(arguments: ["start 1 5.00", "begin 1 5.00 0", "start x 5.00 0", "start 1 5 0", "start 1 5.00 1-0", "torn"])
    func anythingElseIsRefused(text: String) { #expect(Journal(text: text) == nil) }

    /// The script itself, run here by this machine's shell.
    @Test(arguments: [(1, [Ending.code(0)], 0), (2, [.code(0), .code(7)], 7), (1, [.signal("KILL")], 137)])
    func theScriptKeepsIt(attempt: Int, endings: [Ending], status: Int32) throws {
        let place = try TemporaryDirectory("journal")
        defer { place.remove() }
        let order = Order(name: "x", indices: [4], endings: endings)
        let script = Journal.script(for: order, ticks: 2, burns: attempt == 2)
        let environment = ["BERTH_JOB_ID": "12", "BERTH_TASK_INDEX": "4", "BERTH_ATTEMPT": "\(attempt)"]
        let before = bootNanoseconds()
        let result = try Command(["/bin/busybox", "sh", "-c", script], in: place.path, environment: environment).run()
        #expect(result.status == status, "\(result)")
        var history = History()
        try history.readJournals(in: place.path)
        let journal = try #require(history.journals[TaskName(job: 12, index: 4)])
        #expect(journal.lines.map(\.kind) == [.start, .tick, .tick] + (status == 137 ? [] : [.end]))
        #expect(journal.attempts == [attempt] && journal.end(of: attempt)?.code == (status == 137 ? nil : Int(status)))
        for line in journal.lines { #expect(line.at + 10_000_000 > before && line.at <= bootNanoseconds() && !line.cpus.isEmpty) }
    }

    @Test func namesAreReadAsTheyAreWritten() {
        for text in ["12", "12.3"] { #expect(TaskName(text)?.description == text) }
        for text in ["", "x", "12.", "12.3.4", ".3"] { #expect(TaskName(text) == nil, "\(text)") }
        #expect(AttemptName("12.3#2") == AttemptName(TaskName(job: 12, index: 3), 2))
    }
}
