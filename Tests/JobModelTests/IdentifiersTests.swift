import JobModel
import TestSupport
import Testing

@Suite struct IdentifiersTests {
    @Test func textFormsReadBackAsTheyWere() throws {
        var random = SeededGenerator()
        for _ in 0..<1000 {
            let job = JobID(UInt64.random(in: 1...(.max), using: &random))
            let task = TaskID(job, Bool.random(using: &random) ? nil : TaskIndex.random(in: 0...(.max), using: &random))
            let attempt = AttemptID(task, UInt32.random(in: 1...(.max), using: &random))
            #expect(JobID(job.description) == job && TaskID(task.description) == task && AttemptID(attempt.description) == attempt)
            #expect(try roundTrip([attempt]) == [attempt] && roundTrip([task]) == [task] && roundTrip([job]) == [job])
        }
    }

    @Test func formsOfTheContract() throws {
        #expect(TaskID(JobID(12)).description == "12" && TaskID(JobID(12), 3).description == "12.3")
        #expect(AttemptID(TaskID(JobID(12), 3), 2).description == "12.3#2" && AttemptID(TaskID(JobID(12)), 1).description == "12#1")
        #expect(try json([TaskID(JobID(12), 3)]) == "[\"12.3\"]" && json([JobID(12)]) == "[12]")
        #expect(BatchID(owner: UserID(5), name: "b").description == "5/b")
    }

    @Test(arguments: ["", "0", "-1", "+1", "x", "1.", ".1", "1.x", "1.-1", "1.+1", "1.4294967296", "18446744073709551616", "1.2.3", " 1"])
    func whatIsNoTaskIsRefused(text: String) {
        #expect(TaskID(text) == nil)
        #expect(throws: (any Error).self) { try decode([TaskID].self, "[\"\(text)\"]") }
    }

    @Test(arguments: ["1", "1#", "1#0", "1#x", "#1", "1.2#-1", "1#1#1"])
    func whatIsNoAttemptIsRefused(text: String) { #expect(AttemptID(text) == nil) }

    @Test func tasksAndAttemptsSortByNumberAndAPlainTaskCountsAsZero() {
        #expect(TaskID(JobID(9)) < TaskID(JobID(10)) && TaskID(JobID(1), 9) < TaskID(JobID(1), 10) && TaskID(JobID(1)).slot == 0)
        #expect(AttemptID(TaskID(JobID(1), 2), 9) < AttemptID(TaskID(JobID(1), 2), 10))
        #expect(BatchID(owner: UserID(1), name: "z") < BatchID(owner: UserID(2), name: "a"))
    }
}
