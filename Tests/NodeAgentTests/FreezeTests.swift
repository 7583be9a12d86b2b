import Cgroups
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// Pauses that do not go as they should, and cores that change under way.
    @Suite struct FreezeTests {
        /// The job's group on the side that freezes; nil on pure v1.
        private func freezing(_ node: Node, _ id: AttemptID) async -> String? {
            let layout = await node.services.groups.layout
            guard let unified = layout.unified, let group = try? await node.group(id) else { return nil }
            return "\(unified)/\(node.groupParent)/\(group.name)"
        }

        private func write(_ path: String, _ text: String) throws { try Descriptor.open(path, [.writeOnly]).write(text) }

        /// One that stands still is not told as running, and goes on as soon as it can.
        @Test func aFailedThawIsTriedAgain() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                guard let group = await freezing(node, id) else { return }
                await node.change(id) { $0.frozen = true }
                await node.becomes(id, .paused)
                // Somebody else holds the group above.
                try write("\(group)/cgroup.freeze", "1")
                await node.change(id) { $0.frozen = false }
                await node.eventually("the thaw failed") { await node.recorder.last(id)?.note?.contains("thaw") == true }
                #expect(await node.recorder.last(id)?.state == .paused)
                try await Task.sleep(for: .seconds(1))
                try write("\(group)/cgroup.freeze", "0")
                await node.becomes(id, .running)
                #expect(await node.recorder.last(id)?.note == nil)
                let told = await node.recorder.states(id)
                #expect(told.filter { $0 == .paused }.count == 2 && told.filter { $0 == .resuming }.count == 1, "\(told)")
            }
        }

        /// A process that cannot be frozen is thawed again, with the pid and where it waits.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func whatCannotBeFrozenIsTold() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let job = await node.job("echo up; sleep 600 & cat /stuck/file; wait") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path, target: "/stuck", readOnly: true)]
                }
                let id = await node.assign(job)
                try await node.prints(id, "up")
                try #require(stuck.isWaitedFor(within: 20))
                await node.change(id) { $0.frozen = true }
                await node.eventually("the freeze failed") { await node.recorder.last(id)?.freezeFailed == true }
                let told = try #require(await node.recorder.last(id))
                #expect(told.state == .running && told.pausedSince == nil)
                #expect(told.note?.contains("in state D waits in ") == true, "\(told.note ?? "-")")
                #expect(try await node.group(id)?.isFrozen() == false)
                // It is tried anew when the pause is placed anew.
                stuck.answer()
                await node.change(id) { $0.frozen = false }
                await node.change(id) { $0.frozen = true }
                await node.becomes(id, .paused)
            }
        }

        /// contract §5: the pool has shrunk before exclusive cores are given, for those that are just starting too.
        @Test(.enabled(if: Node.hasTwoCpus, "needs two cpus"))
        func aStartDuringAChangeOfThePoolHasTheNewPool() async throws {
            try await withNode { node in
                for round in 0..<12 {
                    await node.agent.setSharedPool(CpuSet([0, 1]))
                    let job = await node.job("sleep 600") {
                        $0.demand.cores = 0
                        $0.demand.cpuMillis = 500
                    }
                    let id = await node.assign(job, cpus: CpuSet([0, 1]), shared: true)
                    try await Task.sleep(for: .milliseconds(round * 2))
                    await node.agent.setSharedPool(CpuSet([1]))
                    await node.becomes(id, .running)
                    #expect(try await node.kernelCpus(id) == CpuSet([1]), "round \(round)")
                    await node.change(id) {
                        $0.record.stop = .cancelled
                        $0.record.grace = .zero
                    }
                    await node.becomes(id, .finished)
                    await node.release(id)
                }
            }
        }
    }
}
