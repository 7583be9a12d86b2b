import Cgroups
import Foundation
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// Stops that come when there is no running job to be told.
    @Suite struct StopTests {
        /// Its PID 1 waits for its go, and has no helper any more that could be ended.
        @Test func whatIsStoppedBeforeItsGoNeverRuns() async throws {
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
    }
}
