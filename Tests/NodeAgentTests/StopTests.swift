import Cgroups
import Foundation
import JobLog
import JobModel
import LinuxSys
import Logging
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// Stops that come when there is no running job to be told.
    @Suite struct StopTests {
        /// Its PID 1 waits for its go, and has no helper any more that could be ended.
        @Test(.enabled(if: Node.hasTwoCpus, "needs two cpus"))
        func whatIsStoppedBeforeItsGoNeverRuns() async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("echo ran >> \(here)/ran; sleep 600") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.prepare(job)
                await node.eventually("it is prepared") { await node.agent.supervisor(of: id)?.prepared?.held != nil }
                // Cores that are not in force are set first, by a queue that has something else to do.
                let (work, gate) = (await node.services.work, DispatchSemaphore(value: 0))
                for _ in 0..<8 { work.add { gate.wait() } }
                await node.change(id) {
                    $0.isCommitted = true
                    $0.record.placement.cpus = CpuSet([0, 1])
                }
                await node.eventually("it is about to start") { await node.agent.supervisor(of: id)?.prepared == nil }
                await node.change(id) { $0.record.stop = .cancelled }
                for _ in 0..<8 { gate.signal() }
                #expect(await node.outcome(id) == .cancelled)
                #expect(await node.recorder.states(id) == [.finished])
                #expect(!Programs.exists("\(here)/ran"))
                #expect(try await node.group(id)?.processes() == [])
            }
        }

        @Test("A start that the daemon's end cuts off has not failed: it is the next daemon's") func whatTheDaemonsEndCutsOffGoesOn() async throws {
            var random = SeededGenerator()
            try await withNode { node in
                for round in 0..<12 {
                    let id = await node.assign(await node.job("exit 0"))
                    sleepBlocking(nanoseconds: .random(in: 0..<12_000_000, using: &random))
                    try await node.restart()
                    let outcome = await node.outcome(id)
                    let seen = await node.recorder.states(id)
                    #expect(outcome == .succeeded, "round \(round), seed \(random.seed), seen \(seen)")
                    await node.release(id)
                }
            }
        }

        /// What cannot be given back is told, and the rest goes all the same.
        @Test func whatIsLeftOfAnEndedAttemptIsTold() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("exit 0"))
                #expect(await node.outcome(id) == .succeeded)
                // A directory cannot be removed as a file.
                let lease = "\(node.runPlace.path)/run/image-leases/\(id)"
                try Command(["rm", lease]).run()
                try Command(["mkdir", lease]).run()
                await node.release(id)
                let told = node.logged.lines.filter { $0.level == .warning }
                #expect(told.count == 1 && told[0].metadata.contains("image lease") && told[0].metadata.contains("\(id)"), "\(told)")
                #expect(!Programs.exists("\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))"))
            }
        }

        /// A running job whose stamp is as given when the next daemon comes; with its processes.
        private func running(_ node: Node, _ change: (inout ClonedStamp) -> [UInt8]) async throws -> (AttemptID, [ProcessHandle]) {
            let id = await node.assign(await node.job("trap '' TERM; echo up; sleep 600"))
            try await node.prints(id, "up")
            await node.becomes(id, .running)
            let processes = try #require(try await node.group(id)).processes().map { try ProcessHandle(pid: $0) }
            await node.services.shutDown()
            let path = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))/cloned"
            var stamp = try ClonedStamp(decoding: try readFile(path))
            try Descriptor.open(path, [.writeOnly, .truncate]).write(change(&stamp))
            try await node.restart()
            return (id, processes)
        }

        private func cancels(_ node: Node, _ id: AttemptID, _ processes: [ProcessHandle]) async throws {
            await node.change(id) {
                $0.record.stop = .cancelled
                $0.record.grace = .zero
            }
            #expect(await node.outcome(id) == .cancelled)
            #expect(processes.count >= 2)
            for process in processes { #expect(try process.waitUntilEnded(milliseconds: 10_000)) }
        }

        @Test func aJobWithATornStampCanBeCancelled() async throws {
            try await withNode { node in
                let (id, processes) = try await running(node) { Array($0.encoded().prefix(40)) }
                // Why nothing is done about it is told, once.
                await node.eventually("it is told why") { await node.recorder.last(id)?.note?.contains("stamp") == true }
                let seen = await node.recorder.seen[id]?.count
                try await Task.sleep(for: .milliseconds(1300))
                #expect(await node.recorder.seen[id]?.count == seen, "it is neither adopted nor ended")
                for process in processes { #expect(process.isAlive) }
                try await cancels(node, id, processes)
            }
        }

        @Test func aJobWhoseGroupsCannotBeReadCanBeCancelled() async throws {
            try await withNode { node in
                let (id, processes) = try await running(node) {
                    // A file is where a group should be.
                    $0.groupName = Array("cgroup.procs".utf8)
                    return $0.encoded()
                }
                try await cancels(node, id, processes)
                await node.agent.sweep(keeping: [])
            }
        }
    }
}
