import JobModel
import LinuxSys
import Logging
import TestSupport
import Testing

@testable import JobLog
@testable import NodeAgent

extension AgentSuite {
    /// What a PID 1 of another version left in its run directory.
    @Suite struct OtherVersionTests {
        /// The format of its stamp is not known: it is neither ended nor started again, and goes on when it can be read.
        @Test func aStampOfAnotherVersionIsNoEnd() async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("echo ran >> \(here)/ran; while ! [ -e \(here)/go ]; do sleep 0.05; done; exit 7") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.assign(job)
                await node.becomes(id, .running)
                await node.eventually("it runs") { Programs.exists("\(here)/ran") }
                await node.services.shutDown()
                let path = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))/cloned"
                let own = try readFile(path)
                var other = own
                store(UInt64(ClonedStamp.version + 1), in: &other, at: 14, size: 2)
                store(checksum(other[0..<ClonedStamp.size - 8]), in: &other, at: ClonedStamp.size - 8, size: 8)
                try Descriptor.open(path, [.writeOnly]).write(other)
                try await node.restart()
                await node.eventually("that it cannot be read is told") {
                    node.logged.lines.contains { $0.level == .error && $0.metadata.contains("another version") }
                }
                #expect(await node.recorder.states(id).last == .running, "what was known of it stands")
                let seen = await node.recorder.seen[id]?.count
                try Descriptor.open(path, [.writeOnly]).write(own)
                await node.eventually("it is taken over") { await node.recorder.seen[id]?.count ?? 0 > seen ?? 0 }
                try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                #expect(await node.outcome(id) == .failed(code: 7))
                #expect(try readTextFile("\(here)/ran") == "ran\n")
            }
        }
    }
}
