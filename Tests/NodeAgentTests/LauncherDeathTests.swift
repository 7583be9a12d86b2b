import Containers
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// Neither a job is lost nor one repeated when the launcher is killed.
    @Suite struct LauncherDeathTests {
        @Test func startsOutliveTheirLauncher() async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                var ids: [AttemptID] = []
                for _ in 0..<40 {
                    let job = await node.job("echo ran >> \(here)/$BERTH_JOB_ID") {
                        $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                        $0.demand.scratch = .mebibytes(1)
                    }
                    ids.append(await node.assign(job))
                    if ids.count % 8 == 0 { try? await node.services.runtime.launcherProcess.signal(9) }
                }
                for id in ids {
                    let outcome = await node.outcome(id)
                    #expect(outcome == .succeeded)
                    let ran = try? readTextFile("\(here)/\(id.task.job)")
                    #expect(ran == "ran\n", "\(id)")
                }
            }
        }

        /// Starts wait for a launcher, and what is cancelled meanwhile ends at once.
        @Test func startsAreHeldWhileNoLauncherLives() async throws {
            try await withNode { node in
                try Command(["mv", node.place("bin/berth-init"), node.place("bin/away")]).run()
                let services = await node.services
                try services.runtime.launcherProcess.signal(9)
                await node.eventually("its death is noticed") { !services.launcherLives }
                let waiting = await node.assign(await node.job("exit 5"))
                let unwanted = await node.assign(await node.job("exit 6"))
                try await Task.sleep(for: .milliseconds(300))
                for id in [waiting, unwanted] { #expect(await node.recorder.last(id) == nil) }
                await node.change(unwanted) { $0.record.stop = .cancelled }
                #expect(await node.outcome(unwanted) == .cancelled)
                try Command(["mv", node.place("bin/away"), node.place("bin/berth-init")]).run()
                #expect(await node.outcome(waiting) == .failed(code: 5))
            }
        }
    }
}
