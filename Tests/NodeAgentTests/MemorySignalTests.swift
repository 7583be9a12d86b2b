import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

@Suite struct MemoryMarksTests {
    private let signals = [MemorySignal(signal: "USR2", percent: 90), MemorySignal(signal: "USR1", percent: 50)]

    private func names(_ marks: inout MemoryMarks, _ percent: UInt64) -> [String] {
        marks.crossed(signals, inUse: Bytes(percent << 20), limit: .mebibytes(100)).map(\.signal)
    }

    @Test func eachMarkIsToldOnceOnTheWayUp() {
        var marks = MemoryMarks(sent: [])
        #expect([49, 50, 70, 90, 99].map { names(&marks, $0) } == [[], ["USR1"], [], ["USR2"], []])
        #expect(marks.sent == [50, 90])
        var atOnce = MemoryMarks(sent: [])
        #expect(names(&atOnce, 95) == ["USR1", "USR2"], "the lowest first")
    }

    /// A job that wavers about a mark is signalled once; one that went clearly below it is again.
    @Test func aMarkIsArmedAgainFivePointsBelow() {
        var marks = MemoryMarks(sent: [])
        #expect([92, 89, 91, 85, 90].map { names(&marks, $0) } == [["USR1", "USR2"], [], [], [], []])
        #expect([84, 90].map { names(&marks, $0) } == [[], ["USR2"]])
        #expect([44, 95].map { names(&marks, $0) } == [[], ["USR1", "USR2"]])
        #expect(MemoryMarks.release(8) == 4 && MemoryMarks.release(1) == 0)
    }

    /// Below the lowest mark one file is read, not two.
    @Test func whatIsFarBelowNeedsNoSecondLook() {
        #expect(MemoryMarks(sent: []).floor(signals, limit: .mebibytes(100)) == .mebibytes(50))
        #expect(MemoryMarks(sent: [90]).floor(signals, limit: .mebibytes(100)) == nil)
    }
}

extension AgentSuite {
    @Suite struct MemorySignalTests {
        /// Takes and gives back memory by files in `/dev/shm`, and tells of each signal.
        private static let script = """
            trap 'echo got >> out' USR1; : > out
            while :; do
              case $(cat go 2>/dev/null) in
                up) [ -e /dev/shm/x ] || head -c 24000000 /dev/zero > /dev/shm/x ;;
                down) rm -f /dev/shm/x ;;
                cache) [ -e cache ] || { head -c 24000000 /dev/zero > cache; sync; } ;;
                end) exit 0 ;;
              esac
              sleep 0.05
            done
            """

        private func job(_ node: Node, _ here: String) async -> JobRecord {
            await node.job("cd \(here); " + Self.script) {
                $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                $0.spec.memorySignals = [MemorySignal(signal: "USR1", percent: 60)]
                $0.spec.sharedMemory = .mebibytes(30)
            }
        }

        @Test func theJobIsToldAtEachCrossing() async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                func say(_ word: String) throws { try node.place.write("out/go", word) }
                func got() -> Int { (try? readTextFile("\(here)/out"))?.split(separator: "\n").count ?? 0 }
                let id = await node.assign(await job(node, here))
                await node.becomes(id, .running)
                try say("cache")
                await node.eventually("the file is written") { (try? Descriptor.open("\(here)/cache", [.path]).status().size) == 24_000_000 }
                try await Task.sleep(for: .seconds(1))
                #expect(got() == 0, "page cache is not what a person calls memory in use")
                try say("up")
                await node.eventually("it is told") { got() == 1 }
                #expect(await node.recorder.last(id)?.memorySignalled == [60])
                // A daemon that starts anew knows that it was told.
                try await node.restart()
                await node.becomes(id, .running)
                try await Task.sleep(for: .seconds(1))
                #expect(got() == 1)
                try say("down")
                await node.eventually("it is armed again") { await node.recorder.last(id)?.memorySignalled == [] }
                try say("up")
                await node.eventually("it is told again") { got() == 2 }
                let details = await node.recorder.details(id, .memorySignal)
                #expect(details.count == 2 && details.allSatisfy { $0.hasPrefix("USR1, ") && $0.hasSuffix("60 % of 32M") }, "\(details)")
                try say("end")
                #expect(await node.outcome(id) == .succeeded)
            }
        }
    }
}
