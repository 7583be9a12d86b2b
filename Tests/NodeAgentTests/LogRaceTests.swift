import Dispatch
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@testable import NodeAgent

/// A job's directory of logs swapped for a link while logs are made, read and removed (Slurm CVE-2026-65109, Nomad CVE-2026-6959): what the link
/// leads to is neither read nor removed.
@Suite final class LogRaceTests {
    private let place: TemporaryDirectory
    init() throws { place = try TemporaryDirectory("log-race") }
    deinit { place.remove() }

    @Test func aLogPath() throws {
        let attempt = AttemptID(TaskID(JobID(7)), 1)
        try place.directory("canary")
        try place.write("canary/7-1.log", "canary")
        try place.directory("logs")
        let logs = try Descriptor.open(place("logs"), [.readOnly, .directory])
        let canary = try Descriptor.open(place("canary"), [.readOnly, .directory])
        let store = LogStore(directory: logs)
        let target = place("canary")
        let stop = Atomic(false)
        let swaps = Atomic(0)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            while !stop.load(ordering: .relaxed) {
                if (try? logs.rename("7", to: "other", mode: .exchange)) != nil {
                    swaps.add(1, ordering: .relaxed)
                    continue
                }
                try? logs.makeSymbolicLink("other", to: target)
                try? logs.makeDirectory("7")
                if let made = try? logs.open(at: "7", [.readOnly, .directory, .noFollow]) {
                    _ = try? made.open(at: "7-1.log", [.writeOnly, .create])
                }
            }
        }
        let (rounds, end) = (Torture.rounds(2_000), bootNanoseconds() + 60_000_000_000)
        var done = 0
        while done < rounds || swaps.load(ordering: .relaxed) < 20, bootNanoseconds() < end {
            done += 1
            if let log = store.open(attempt) { #expect(try log.readText() != "canary") }
            if let made = try? store.make(attempt.task.job) {
                let isCanary = try made.status().isSameFile(as: canary.status())
                #expect(!isCanary)
            }
            try? store.remove(attempt)
            _ = try? store.remove(attempt.task.job)
            guard try canary.contains("7-1.log") else { break }
        }
        stop.store(true, ordering: .relaxed)
        group.wait()
        #expect(try readTextFile("\(target)/7-1.log") == "canary")
        #expect(swaps.load(ordering: .relaxed) > 0)
    }
}
