import Testing

@testable import Server

@Suite struct LogBudgetTests {
    @Test func whatIsBeyondTheBudgetIsNotToldUntilTheSpanIsOver() {
        let budget = LogBudget(lines: 3, in: .seconds(10))
        let start = ContinuousClock.now
        #expect((0..<5).map { _ in budget.take(at: start) } == [true, true, true, false, false])
        #expect(!budget.take(at: start + .seconds(9)))
        #expect((0..<4).map { _ in budget.take(at: start + .seconds(11)) } == [true, true, true, false])
    }
}
