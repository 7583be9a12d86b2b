import JobModel
import Scheduling
import Testing

@Suite struct DependencyTests {
    private let one = IntervalSet([0])

    private func dependencies(_ kind: Dependency.Kind, indices: String = "0-2", index: TaskIndex? = nil) -> Dependencies {
        var result = Dependencies()
        let set = IntervalSet(list: indices)!
        result.know(JobOutcomes(job: JobID(1), isArray: true, indices: set), live: true)
        result.add(JobID(2), indices: kind == .aftercorr ? set : one, dependencies: [Dependency(kind: kind, job: JobID(1), index: index)])
        return result
    }

    @Test func afterIsMetWhenAllStartedOrEnded() {
        var it = dependencies(.after)
        #expect(it.started(JobID(1), IntervalSet(0...1)) == [] && it.waiting(JobID(2)) == one)
        #expect(it.ended(JobID(1), IntervalSet([2]), succeeded: false) == [JobID(2)])
        #expect(it.waiting(JobID(2)).isEmpty && it.failed(JobID(2)).isEmpty)
    }

    @Test func afteranyIsMetWhenAllEnded() {
        var it = dependencies(.afterany)
        #expect(it.ended(JobID(1), IntervalSet(0...1), succeeded: false) == [] && it.waiting(JobID(2)) == one)
        #expect(it.ended(JobID(1), IntervalSet([2]), succeeded: true) == [JobID(2)] && it.waiting(JobID(2)).isEmpty)
    }

    @Test func afterokFailsWithTheFirstThatDidNotSucceed() {
        var it = dependencies(.afterok)
        #expect(it.ended(JobID(1), IntervalSet(0...1), succeeded: true) == [] && it.failed(JobID(2)).isEmpty)
        #expect(it.ended(JobID(1), IntervalSet([2]), succeeded: false) == [JobID(2)])
        #expect(it.failed(JobID(2)) == one && it.waiting(JobID(2)) == one)
        var good = dependencies(.afterok)
        #expect(good.ended(JobID(1), IntervalSet(0...2), succeeded: true) == [JobID(2)] && good.waiting(JobID(2)).isEmpty)
    }

    @Test func afternotokNeedsOneThatFailed() {
        var it = dependencies(.afternotok)
        #expect(it.ended(JobID(1), IntervalSet([0]), succeeded: false) == [] && it.waiting(JobID(2)) == one)
        #expect(it.ended(JobID(1), IntervalSet(1...2), succeeded: true) == [JobID(2)] && it.waiting(JobID(2)).isEmpty)
        var good = dependencies(.afternotok)
        #expect(good.ended(JobID(1), IntervalSet(0...2), succeeded: true) == [JobID(2)] && good.failed(JobID(2)) == one)
    }

    @Test func aftercorrGoesIndexByIndex() {
        var it = dependencies(.aftercorr)
        #expect(it.ended(JobID(1), IntervalSet([1]), succeeded: true) == [JobID(2)])
        #expect(it.waiting(JobID(2)) == IntervalSet([0, 2]) && it.failed(JobID(2)).isEmpty)
        #expect(it.ended(JobID(1), IntervalSet([2]), succeeded: false) == [JobID(2)])
        #expect(it.waiting(JobID(2)) == IntervalSet([0, 2]) && it.failed(JobID(2)) == IntervalSet([2]))
        #expect(it.open(JobID(2), slot: 0).map(\.failed) == [false] && it.open(JobID(2), slot: 2).map(\.failed) == [true])
    }

    @Test func oneIndexCountsAlone() {
        var it = dependencies(.afterok, index: 1)
        #expect(it.ended(JobID(1), IntervalSet([0]), succeeded: false) == [] && it.failed(JobID(2)).isEmpty)
        #expect(it.ended(JobID(1), IntervalSet([1]), succeeded: true) == [JobID(2)] && it.waiting(JobID(2)).isEmpty)
    }

    @Test func allOfSeveralMustHold() {
        var it = dependencies(.afterok)
        it.know(JobOutcomes(job: JobID(5), isArray: false, indices: one), live: true)
        it.add(
            JobID(6), indices: one, dependencies: [Dependency(kind: .afterok, job: JobID(1)), Dependency(kind: .afterany, job: JobID(5))])
        _ = it.ended(JobID(1), IntervalSet(0...2), succeeded: true)
        #expect(it.waiting(JobID(6)) == one && it.waiting(JobID(2)).isEmpty)
        _ = it.ended(JobID(5), one, succeeded: false)
        #expect(it.waiting(JobID(6)).isEmpty)
    }

    @Test func outcomesOfTheLedgerCount() {
        var it = Dependencies()
        it.know(JobOutcomes(job: JobID(1), isArray: false, indices: one, succeeded: one), live: false)
        it.add(JobID(2), indices: one, dependencies: [Dependency(kind: .afterok, job: JobID(1))])
        it.add(JobID(3), indices: one, dependencies: [Dependency(kind: .afternotok, job: JobID(1))])
        it.add(JobID(4), indices: one, dependencies: [Dependency(kind: .afterany, job: JobID(99))])
        #expect(it.waiting(JobID(2)).isEmpty && it.failed(JobID(3)) == one && it.failed(JobID(4)) == one)
    }

    @Test func refusalsSayWhatIsAccepted() {
        let it = dependencies(.after)
        func text(_ dependency: Dependency, _ indices: String = "0") -> String? {
            it.refusal(JobID(9), indices: IntervalSet(list: indices)!, dependencies: [dependency])?.description
        }
        #expect(text(Dependency(kind: .afterok, job: JobID(9))) == "dependencies[0]: found the job itself, accepted an earlier job")
        #expect(text(Dependency(kind: .afterok, job: JobID(7))) == "dependencies[0]: found unknown job 7, accepted an earlier job")
        #expect(text(Dependency(kind: .afterok, job: JobID(1), index: 3)) == "dependencies[0]: found no task 1.3, accepted an index of 0-2")
        #expect(
            text(Dependency(kind: .aftercorr, job: JobID(1)), "0-1")
                == "dependencies[0]: found aftercorr of indices 0-1 on indices 0-2, accepted an array with the same indices")
        #expect(text(Dependency(kind: .aftercorr, job: JobID(1)), "0-2") == nil)
    }

    @Test func theSchedulerDecidesWhatFailed() {
        var desk = Desk(Fixture.machine(cpus: 4))
        let array = JobID(1)
        desk.submit(1) { $0.indices = IntervalSet(0...3) }
        desk.submit(2) {
            $0.indices = IntervalSet(0...3)
            $0.dependencies = [Dependency(kind: .aftercorr, job: array)]
        }
        let last = desk.submit(3) { $0.dependencies = [Dependency(kind: .afterany, job: JobID(2))] }
        desk.run()
        #expect(desk.texts(TaskID(JobID(2), 1)) == ["waits for aftercorr 1.1", "needs 1 core, 0 of 4 free"])
        desk.end(TaskID(array, 1))
        desk.end(TaskID(array, 2), .finished(.attempt(.failed(code: 1))))
        #expect(Array(desk.run().keys) == [TaskID(JobID(2), 1)])
        #expect(desk.plan.decisions.contains(.dependencyFailed(JobID(2), IntervalSet([2]))))
        #expect(desk.texts(TaskID(JobID(2), 2)) == ["aftercorr 1.2 can no longer hold"])
        desk.state.apply(.pendingEnded(JobID(2), IntervalSet([2]), .dependencyFailed))
        for index in [0, 3] as [TaskIndex] { desk.end(TaskID(array, index)) }
        desk.run()
        #expect(!desk.plan.decisions.contains { if case .dependencyFailed = $0 { true } else { false } })
        #expect(desk.reasons(last) == [.dependency])
        for index in [0, 1, 3] as [TaskIndex] { desk.end(TaskID(JobID(2), index)) }
        #expect(Array(desk.run().keys) == [last])
    }
}
