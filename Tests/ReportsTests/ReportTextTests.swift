import API
import JobModel
import Testing

@testable import Reports

@Suite struct ReportTextTests {
    /// A sum of some is a lower bound, and what nobody counted is no zero.
    @Test func whatWasNotCountedIsMarked() {
        #expect(ReportSum().text { "\($0)" } == "-")
        #expect(ReportSum(value: 0).text { "\($0)" } == "0")
        #expect(ReportSum(value: 7, partial: true).text { "\($0)" } == "≥7")
        #expect(AttemptReport(Ledger.attempt(1, usage: Ledger.usage(written: 5, partial: true))).written == ReportSum(value: 5, partial: true))
        #expect(AttemptReport(Ledger.attempt(1, usage: Ledger.usage(partial: true))).written == ReportSum())
    }

    @Test func outcomesAreInTheOrderOfTheContract() {
        var builder = ReportTable.Builder(by: .user)
        for outcome in [AttemptOutcome.timedOut, .succeeded, .failed(code: 3), .succeeded] { builder.add(Ledger.attempt(1, outcome: outcome)) }
        #expect(builder.table().total.outcomeText == "2 succeeded, 1 failed, 1 timedOut")
    }

    @Test func csvIsQuoted() {
        var builder = ReportTable.Builder(by: .batch)
        builder.add(Ledger.attempt(1, batch: "a,\"b\"", usage: Ledger.usage(user: 1_500_000, system: 0)))
        let lines = builder.table().csv.split(separator: "\r\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("label,user,batch,jobs,attempts,core_seconds,cpu_user_seconds,cpu_system_seconds,cpu_partial,"))
        #expect(lines[1].hasPrefix("\"ada/a,\"\"b\"\"\",1000,\"a,\"\"b\"\"\",1,1,20.0,1.5,0.0,false,"))
    }
}
