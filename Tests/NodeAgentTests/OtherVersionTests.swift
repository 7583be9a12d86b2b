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
                let what = "is of format 2, this berthd reads up to 1: a later version of Berth started the job"
                await node.eventually("that it cannot be read is told") { await node.recorder.last(id)?.note?.contains(what) == true }
                #expect(node.logged.lines.contains { $0.level == .error && $0.metadata.contains(what) })
                #expect(await node.recorder.states(id).last == .running, "what was known of it stands")
                let seen = await node.recorder.seen[id]?.count
                try Descriptor.open(path, [.writeOnly]).write(own)
                await node.eventually("it is taken over") { await node.recorder.seen[id]?.count ?? 0 > seen ?? 0 }
                #expect(await node.recorder.last(id)?.note == nil)
                try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                #expect(await node.outcome(id) == .failed(code: 7))
                #expect(try readTextFile("\(here)/ran") == "ran\n")
            }
        }

        /// Nor is it a start that came to nothing where PID 1 has not marked its record yet: it may be about to.
        @Test func aStampOfAnotherVersionIsNoFailedStart() async throws {
            try await withNode { node in
                let job = await node.job("exit 3")
                let name = containerName(AttemptID(TaskID(job.id), 1))
                let root = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(name)"
                try Descriptor.workingDirectory.makeDirectory(root, mode: 0o700)
                var stamp = ClonedStamp(pid: 1, startTicks: 1, bootNanoseconds: 1, groupName: Array(name.utf8)).encoded()
                store(UInt64(ClonedStamp.version + 1), in: &stamp, at: 14, size: 2)
                store(checksum(stamp[0..<ClonedStamp.size - 8]), in: &stamp, at: ClonedStamp.size - 8, size: 8)
                try Descriptor.open("\(root)/cloned", [.writeOnly, .create], mode: 0o600).write(stamp)
                let id = await node.assign(job)
                await node.eventually("that it cannot be read is told") { await node.recorder.last(id)?.note?.contains("of format 2") == true }
                #expect(await node.recorder.states(id).allSatisfy { $0 == .assigned })
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
            }
        }

        /// A kill for memory is no verdict on a job whose record cannot be read, and a torn record none of another version.
        @Test(arguments: [true, false]) func aRecordOfAnotherVersionIsNamed(isWhole: Bool) async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("while ! [ -e \(here)/go ]; do sleep 0.05; done; exit 0") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.assign(job)
                await node.becomes(id, .running)
                let pid = try #require(await node.recorder.last(id)?.monitor)
                let monitor = try ProcessHandle(pid: pid)
                await node.services.shutDown()
                try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                #expect(try monitor.waitUntilEnded(milliseconds: 30_000))
                let path = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))/record"
                var record = try readFile(path)
                store(UInt64(ExitRecord.version + 1), in: &record, at: 8, size: 2)
                if isWhole { store(checksum(record[0..<ExitRecord.size - 8]), in: &record, at: ExitRecord.size - 8, size: 8) }
                try Descriptor.open(path, [.writeOnly]).write(record)
                try await node.restart()
                #expect(await node.outcome(id) == .monitorLost)
                let note = await node.recorder.last(id)?.note
                #expect(isWhole ? note?.contains("format 2, this berthd reads up to 1") == true : note == nil, "\(note ?? "-")")
                #expect(await node.recorder.last(id)?.usage?.cpuUserMicroseconds != nil)
            }
        }
    }
}
