import API
import JobModel
import TestSupport
import Testing

@Suite struct TaskSelectorTests {
    @Test(arguments: ["12", "14-16", "12.3", "12.[0-9]", "12.[0-9,20]", "12.3#2", "12#1", "18446744073709551615"])
    func goodTextsSurvive(_ text: String) throws {
        #expect(try #require(TaskSelector(text: text)).description == text)
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "12.", "12.x", "12.+3", "12.[", "12.[]", "12.[3", "12.3]", "12#", "12#0", "12#+1", "14-12", "12-", "12-14#1",
        "12.[0-9]#1", "12-14.3", "1 2", "12.3.4", "12##1", "18446744073709551616", "a", "12,13",
    ])
    func badTextsAreRefused(_ text: String) { #expect(TaskSelector(text: text) == nil) }

    @Test func partsAreUnderstood() throws {
        let selector = try #require(TaskSelector(text: "12.3#2"))
        #expect(selector.job == JobID(12))
        #expect(selector.task == TaskID(JobID(12), 3))
        #expect(selector.attempt == 2)
        #expect(TaskSelector(text: "14-16")?.job == nil)
        #expect(TaskSelector(text: "14-16")?.jobs == 14...16)
        #expect(TaskSelector(text: "12")?.task == TaskID(JobID(12)))
        #expect(TaskSelector(text: "12.[0-9]")?.task == nil)
        #expect(TaskSelector(text: "12.[0-9]")?.indices?.count == 10)
    }

    @Test func listsKeepCommasWithinBrackets() throws {
        let list = try #require([TaskSelector](list: "12,14-16,12.[0-9,20],7.1#3"))
        #expect(list.map(\.description) == ["12", "14-16", "12.[0-9,20]", "7.1#3"])
        #expect(list.listText == "12,14-16,12.[0-9,20],7.1#3")
    }

    @Test(arguments: ["", ",", "12,", ",12", "12,,13", "12.[0,9", "12.]0[", "12.[[0]]"])
    func badListsAreRefused(_ text: String) { #expect([TaskSelector](list: text) == nil) }

    @Test func randomSelectorsSurvive() throws {
        var random = SeededGenerator()
        for _ in 0..<2000 {
            let job = JobID(UInt64.random(in: 1...UInt64.max, using: &random))
            var selector = TaskSelector(job)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: selector = TaskSelector(jobs: job.value...UInt64.random(in: job.value...UInt64.max, using: &random))
            case 1: selector = TaskSelector(TaskID(job, .random(in: 0..<4_000_000_000, using: &random)), attempt: .random(in: 1...9, using: &random))
            case 2:
                let first = TaskIndex.random(in: 0..<1000, using: &random)
                selector = TaskSelector(job, indices: IntervalSet(first...(first + .random(in: 0..<50, using: &random))))
            default: break
            }
            #expect(TaskSelector(text: selector.description) == selector, "seed \(random.seed): \(selector)")
        }
    }

    @Test func randomTextsNeverTrap() {
        var random = SeededGenerator()
        let alphabet = Array("0123456789.-,#[]+ x")
        for _ in 0..<20_000 {
            let text = String((0..<Int.random(in: 0..<14, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "1" })
            guard let list = [TaskSelector](list: text) else { continue }
            #expect([TaskSelector](list: list.listText) == list, "seed \(random.seed): \(text)")
        }
    }
}
