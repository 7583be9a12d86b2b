import API
import Cgroups
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// A look into a job whose helper gets stuck: the job goes on in any case.
    @Suite struct InspectTests {
        /// A helper that has looked at the threads and then says nothing more.
        private static func stuckHelper(_ settings: inout AgentSettings, _ place: TemporaryDirectory) throws {
            let script = """
                #!/bin/sh
                [ "$1" = inspect ] || exec \(Programs.path("berth-helper")) "$@"
                printf '{"looked":true}\\n{"doing":"the mappings of process 7"}\\n' >&4
                exec sleep 600
                """
            try place.write("bin/helper", script)
            try Descriptor.open(place("bin/helper"), .path).changeMode(0o755)
            settings.helperProgram = place("bin/helper")
        }

        private func withStuckHelper(limit: TimeSpan, _ body: (Node) async throws -> Void) async throws {
            try await withNode(edit: { settings, place in
                settings.inspectTimeout = limit
                try Self.stuckHelper(&settings, place)
            }) { try await body($0) }
        }

        @Test func aStuckHelperIsEndedAndTheJobGoesOn() async throws {
            try await withStuckHelper(limit: TimeSpan(milliseconds: 1500)) { node in
                let id = await node.assign(await node.job("while true; do echo tick; sleep 0.05; done"))
                try await node.prints(id, "tick")
                async let look = node.agent.inspect(id, InspectWish(), by: .root)
                try await node.eventually("it stands still") { try await node.group(id)?.isFrozen() == true }
                let states = await node.recorder.states(id)
                let reply = try await look
                #expect(reply.processes.isEmpty && reply.frozen)
                #expect(
                    reply.notes == [
                        "the mappings of process 7 could not be read, and what comes after it is left out: inspect: it took longer than 1.5s"
                    ])
                #expect(try await node.group(id)?.isFrozen() == false)
                let before = try await node.log(id).count
                try await node.eventually("it goes on") { try await node.log(id).count > before + 10 }
                // It was no pause, and its time limit stood still.
                let told = states + (await node.recorder.states(id))
                #expect(!told.contains(.pausing) && !told.contains(.paused))
                let observation = await node.agent.supervisor(of: id)?.observation
                #expect((observation?.pausedFor ?? .zero) >= TimeSpan(milliseconds: 500), "\(String(describing: observation))")
                #expect(await node.agent.supervisor(of: id)?.limitTimer != nil)
            }
        }

        /// The grace period's signal has to find the job awake.
        @Test func aStopGoesBeforeALook() async throws {
            try await withStuckHelper(limit: .minutes(2)) { node in
                let id = await node.assign(await node.job("trap 'echo asked; exit 7' TERM; echo up; while true; do sleep 0.05; done"))
                try await node.prints(id, "up")
                let look = Task { try await node.agent.inspect(id, InspectWish(), by: .root) }
                try await node.eventually("it stands still") { try await node.group(id)?.isFrozen() == true }
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
                try await node.prints(id, "asked")
                let refusal = await #expect(throws: APIError.self) { try await look.value }
                #expect(refusal?.code == .conflict && refusal?.message.contains("it is to end meanwhile") == true)
            }
        }

        /// A pause that comes meanwhile stands afterwards, a resume ends the look.
        @Test func aPauseStandsAfterALook() async throws {
            try await withStuckHelper(limit: TimeSpan(milliseconds: 2500)) { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                let first = Task { try await node.agent.inspect(id, InspectWish(), by: .root) }
                try await node.eventually("it stands still") { try await node.group(id)?.isFrozen() == true }
                await node.change(id) { $0.frozen = true }
                await node.becomes(id, .paused)
                _ = try await first.value
                #expect(try await node.group(id)?.isFrozen() == true)
                let second = Task { try await node.agent.inspect(id, InspectWish(), by: .root) }
                await node.eventually("it is looked at") { await node.agent.supervisor(of: id)?.inspection != nil }
                await node.change(id) { $0.frozen = false }
                await node.becomes(id, .running)
                #expect(try await node.group(id)?.isFrozen() == false)
                let refusal = await #expect(throws: APIError.self) { try await second.value }
                #expect(refusal?.message.contains("resumed") == true)
            }
        }

        /// Wherever in a look a pause and a resume fall, the job stands afterwards as they say.
        @Test func pausesAtAnyMomentOfALookHold() async throws {
            var random = SeededGenerator()
            try await withNode { node in
                let id = await node.assign(await node.job("while true; do echo tick; sleep 0.05; done"))
                try await node.prints(id, "tick")
                for round in 0..<Int(Seed.rounds(12)) {
                    let look = Task { try await node.agent.inspect(id, InspectWish(), by: .root) }
                    let delays = (0..<2).map { _ in Int.random(in: 0...60, using: &random) }
                    let wanted = round % 3 != 2
                    try await Task.sleep(for: .milliseconds(delays[0]))
                    await node.change(id) { $0.frozen = true }
                    if !wanted {
                        try await Task.sleep(for: .milliseconds(delays[1]))
                        await node.change(id) { $0.frozen = false }
                    }
                    _ = await look.result
                    await node.becomes(id, wanted ? .paused : .running)
                    if wanted { #expect(try await node.group(id)?.isFrozen() == true, "round \(round): \(delays), seed \(random.seed)") }
                    await node.change(id) { $0.frozen = false }
                    await node.becomes(id, .running)
                    try await node.eventually("it does not stand, round \(round): \(delays)") { try await node.group(id)?.isFrozen() == false }
                }
                let before = try await node.log(id).count
                try await node.eventually("it goes on") { try await node.log(id).count > before + 10 }
            }
        }

        /// One of a job, two of a user, eight in all; and none once the daemon ends, which lets the jobs go on first.
        @Test func looksAreBounded() async throws {
            let all = Inspections()
            func attempt(_ number: UInt64) -> AttemptID { AttemptID(TaskID(JobID(number)), 1) }
            _ = try all.begin(attempt(1), for: UserID(7))
            let second = #expect(throws: APIError.self) { _ = try all.begin(attempt(1), for: UserID(8)) }
            #expect(second?.code == .conflict)
            _ = try all.begin(attempt(2), for: UserID(7))
            let third = #expect(throws: APIError.self) { _ = try all.begin(attempt(3), for: UserID(7)) }
            #expect(third?.code == .limit)
            for number in UInt64(3)...UInt64(InspectLimit.inAll) { _ = try all.begin(attempt(number), for: UserID(UInt32(number) + 10)) }
            #expect(throws: APIError.self) { _ = try all.begin(attempt(50), for: UserID(9)) }
            all.end(attempt(1))
            _ = try all.begin(attempt(50), for: UserID(7))
        }

        /// Killed in the middle: no look is known to the next daemon, and no pause.
        @Test func whatNothingHoldsIsThawedByTheNextDaemon() async throws {
            try await withNode { node in
                let standing = await node.assign(await node.job("while true; do echo tick; sleep 0.05; done"))
                let paused = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(standing, "tick")
                try await node.prints(paused, "up")
                await node.change(paused) { $0.frozen = true }
                await node.becomes(paused, .paused)
                #expect(try await node.group(standing)?.freeze() != nil)
                try await node.restart()
                let before = try await node.log(standing).count
                try await node.eventually("it goes on") { try await node.log(standing).count > before + 10 }
                await node.eventually("both are taken over") { await node.agent.supervisor(of: paused)?.container != nil }
                let told = await node.recorder.states(standing)
                #expect(!told.contains(.paused) && !told.contains(.resuming), "\(told)")
                #expect(await node.recorder.last(paused)?.state == .paused)
                #expect(try await node.group(paused)?.isFrozen() == true)
            }
        }

        /// The freeze was asked for and had not come yet: it does not come later either.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func aFreezeThatHadNotComeIsTakenBack() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let job = await node.job("echo up; cat /stuck/file; while true; do echo tick; sleep 0.05; done") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path, target: "/stuck", readOnly: true)]
                }
                let id = await node.assign(job)
                try await node.prints(id, "up")
                try #require(stuck.isWaitedFor(within: 20))
                try await node.group(id)?.requestFreeze()
                try await node.restart()
                await node.eventually("it is taken over") { await node.agent.supervisor(of: id)?.container != nil }
                stuck.answer()
                try await node.prints(id, "tick")
            }
        }

        /// Its memory is a handler's to bring that never does (userfaultfd), and a thread of it waits for that.
        @Test func memoryThatNobodyBringsHoldsNothingUp() async throws {
            try await withNode(edit: { settings, place in
                // The profile of jobs does not allow the call.
                let profile = try readTextFile(settings.seccompProfile)
                let allowed = profile.replacing(
                    "\"syscalls\": [", with: "\"syscalls\": [{\"names\": [\"userfaultfd\"], \"action\": \"SCMP_ACT_ALLOW\"},", maxReplacements: 1)
                settings.seccompProfile = try place.write("profile.json", allowed)
            }) { node in
                let id = await node.assign(await node.job("exec probe fault"))
                try await node.prints(id, "tick")
                let reply = try await node.agent.inspect(id, InspectWish(), by: .root)
                #expect(reply.frozen && reply.notes.isEmpty && reply.processes.count == 1, "\(reply)")
                let waiting = reply.processes.first?.threads.first { $0.waitsIn?.contains("userfault") == true }
                #expect(waiting != nil, "\(reply.processes)")
                let core = CoreBytes()
                var wish = InspectWish()
                wish.core = { await core.take($0) }
                _ = try await node.agent.inspect(id, wish, by: .root)
                let read = try #require(CoreReader(await core.bytes))
                #expect(read.threads.count == 2 && read.lines.contains("12288 bytes are missing: under userfaultfd"), "\(read.lines)")
                let before = try await node.log(id).count
                try await node.eventually("it goes on") { try await node.log(id).count > before + 5 }
                #expect(try await !node.log(id).contains("served"))
            }
        }

        @Test func theDaemonsEndLetsTheJobGoOn() async throws {
            try await withStuckHelper(limit: .minutes(2)) { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                let look = Task { try await node.agent.inspect(id, InspectWish(), by: .root) }
                try await node.eventually("it stands still") { try await node.group(id)?.isFrozen() == true }
                let group = try #require(try await node.group(id))
                await node.services.inspections.close()
                #expect(try group.isFrozen() == false)
                _ = await look.result
            }
        }
    }
}

/// Takes a core.
actor CoreBytes {
    var bytes: [UInt8] = []
    func take(_ more: [UInt8]) { bytes += more }
}
