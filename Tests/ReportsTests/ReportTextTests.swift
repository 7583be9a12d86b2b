import JobModel
import Testing

@testable import Reports

@Suite struct ReportTextTests {
    @Test func aTableIsAligned() {
        var table = TextTable(columns: [.init("NAME"), .init("N", .right), .init("REST")])
        table.rows = [["a", "1", "x"], ["longer", "1000", ""]]
        #expect(table.text() == "NAME       N  REST\na          1  x\nlonger  1000\n")
    }

    @Test func flexibleColumnsAreCutToTheTerminal() {
        var table = TextTable(columns: [.init("ID", .right), .init("NAME", isFlexible: true), .init("WHY", isFlexible: true)])
        table.rows = [["1", String(repeating: "n", count: 60), String(repeating: "w", count: 30)], ["2", "short", "short"]]
        let lines = table.text(width: 40).split(separator: "\n")
        #expect(lines.allSatisfy { PlainText.width(String($0)) <= 40 })
        #expect(lines[1].contains("n…"))
        #expect(lines[2].contains("short"))
        // Too narrow for anything: as narrow as can be, and nothing lost of what is not flexible.
        #expect(table.text(width: 5).contains(" 1  nnnnnnn…  wwwwwww…"))
        #expect(table.text().contains(String(repeating: "n", count: 60)))
    }

    @Test func namesCannotMoveTheCursor() {
        let hostile = "\u{1B}[2Jx\r\n\u{9B}31m\u{202E}\u{0}\u{2028}end"
        let table = TextTable(columns: [.init("NAME")], rows: [[hostile]])
        let text = table.text()
        #expect(text == "NAME\n\\x1b[2Jx\\r\\n\\x9b31m\\u{202e}\\x00\\u{2028}end\n")
        let report = JobReport(
            Ledger.job(1, name: "eve\u{1B}]0;", batch: "b\nB", jobName: "\u{7}"), attempts: [Ledger.attempt(1, name: "\u{1B}")])
        #expect(!report.text().unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0.value == 0x7F })
        #expect(report.text().contains("b\\nB"))
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect(PlainText.width("abc") == 3)
        #expect(PlainText.width("日本") == 4)
        #expect(PlainText.width("e\u{301}") == 1)
        #expect(PlainText.cut("日本語テキスト", to: 6) == "日本…")
        #expect(PlainText.cut("abcdef", to: 6) == "abcdef")
        #expect(PlainText.cut("abcdefg", to: 6) == "abcde…")
        #expect(PlainText.cut("abc", to: 0).isEmpty)
    }

    @Test func reportsShowWhatWasNotCounted() throws {
        var builder = ReportTable.Builder(by: .user)
        builder.add(Ledger.attempt(1, usage: Ledger.usage(user: 1_500_000, system: 0, peak: .mebibytes(50), written: 2048, partial: true)))
        builder.add(Ledger.attempt(2, user: 1001, name: "bob", outcome: .outOfMemory))
        let lines = builder.table().text(width: 300).split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("USER"))
        #expect(lines[1].contains("1.5s") && lines[1].contains("8%") && lines[1].contains("50M") && lines[1].contains("2K partial"))
        #expect(lines[2].hasPrefix("bob") && lines[2].contains("-") && lines[2].contains("1 outOfMemory") && !lines[2].contains("0ms"))
        #expect(lines[3].hasPrefix("total") && lines[3].contains("1.5s partial") && lines[3].contains("1 succeeded, 1 outOfMemory"))
    }

    @Test func aJobsReportShowsItsAttempts() {
        let usage = Ledger.usage(user: 5_000_000, system: 0, peak: .mebibytes(25), throttled: 250_000)
        let attempts = [
            Ledger.attempt(7, 3, pausedMs: 1500, usage: usage),
            Ledger.attempt(7, 4, outcome: .startFailed(operation: "mount overlay on /x", errno: "ENOENT")),
        ]
        let text = JobReport(Ledger.job(7, batch: "b", jobName: "train"), attempts: attempts, limit: 2).text()
        #expect(text.contains("job         7 (train)\n"))
        #expect(text.contains("tasks       6 succeeded, 4 unsuccessful (1 cancelled, 1 dependencyFailed)\n"))
        #expect(text.contains("core time   40 core-seconds\n"))
        #expect(text.contains("cpu         5s partial, efficiency 25%\n"))
        #expect(text.contains("startFailed(mount overlay on /x: ENOENT)"))
        #expect(text.contains("7.3#1") && text.contains("0-1") && text.contains("1.5s") && text.contains("25%") && text.contains("250ms"))
    }

    @Test func csvIsQuoted() {
        var builder = ReportTable.Builder(by: .batch)
        builder.add(Ledger.attempt(1, batch: "a,\"b\"", usage: Ledger.usage(user: 1_500_000, system: 0)))
        let lines = builder.table().csv.split(separator: "\r\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("label,user,batch,jobs,attempts,core_seconds,cpu_seconds,cpu_partial,"))
        #expect(lines[1].hasPrefix("\"ada/a,\"\"b\"\"\",1000,\"a,\"\"b\"\"\",1,1,20.0,1.5,false,"))
    }
}
