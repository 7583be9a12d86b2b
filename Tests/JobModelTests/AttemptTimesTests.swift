import JobModel
import Testing

@Suite struct AttemptTimesTests {
    private func boot(_ nanoseconds: Int64) -> BootTime { BootTime(nanoseconds: nanoseconds) }

    /// Each step has a place of its own, and one that was not passed is not zero but nothing.
    @Test func everyStepIsKeptByItself() {
        var times = AttemptTimes()
        #expect(times.passed.isEmpty && TimingStage.allCases.allSatisfy { times[$0] == nil })
        for (place, stage) in TimingStage.allCases.enumerated() { times[stage] = boot(Int64(place) + 1) }
        for (place, stage) in TimingStage.allCases.enumerated() { #expect(times[stage] == boot(Int64(place) + 1), "\(stage)") }
        #expect(times.passed.map(\.stage) == TimingStage.allCases)
        times[.joined] = nil
        #expect(times[.joined] == nil && times.passed.count == TimingStage.allCases.count - 1)
    }

    /// The start goes on while the submit is written: what counts is the time.
    @Test func theOrderIsThatOfTime() {
        var times = AttemptTimes()
        (times[.accepted], times[.stored], times[.chosen], times[.placed]) = (boot(5), boot(9), boot(7), boot(9))
        #expect(times.passed.map(\.stage) == [.accepted, .chosen, .stored, .placed])
        #expect(times.passed.map(\.at.nanoseconds) == [5, 7, 9, 9])
    }

    /// Of a start that was made anew only the last try is told.
    @Test func aStartThatIsMadeAnewForgetsTheFirst() {
        var times = AttemptTimes()
        for stage in TimingStage.allCases { times[stage] = boot(3) }
        times.usedSpare = true
        times.beginStart()
        let forgotten: Set<TimingStage> = [
            .scratch, .groups, .root, .sent, .received, .opened, .cloned, .joined, .forked, .mounted, .ready, .released, .executed,
        ]
        #expect(Set(TimingStage.allCases.filter { times[$0] == nil }) == forgotten && times.usedSpare == nil)
    }
}
