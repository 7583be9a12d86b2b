import JobModel
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// A start that waits for a server that does not answer.
    @Suite struct HungStartTests {
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"), .timeLimit(.minutes(3)))
        func itCanBeCancelledAndHoldsUpNobody() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let job = await node.job("exit 7") { $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path + "/below", target: "/stuck")] }
                let id = await node.assign(job)
                try #require(stuck.isWaitedFor(within: 20))
                #expect(await node.outcome(await node.assign(await node.job("exit 3"))) == .failed(code: 3))
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
                stuck.answer()
            }
        }
    }
}
