import Cgroups
import Containers
import Dispatch
import JobModel
import LinuxSys
import Logging
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// Containers made ahead.
    @Suite struct SparePoolTests {
        private func spares(_ node: Node) async throws -> [String] { try await node.services.groups.names().filter { $0.hasPrefix("spare-") } }

        /// Starts one job, so that spares for its user are made.
        private func warm(_ node: Node) async throws {
            let id = await node.assign(await node.job("exit 0"))
            #expect(await node.outcome(id) == .succeeded)
            // It may have been given one of those that wait, whose groups are its own then.
            await node.release(id)
            try await node.eventually("two are ready") {
                let names = try await spares(node)
                let groups = await node.services.groups
                return try names.count == 2 && names.allSatisfy { try groups.open($0)?.processes().count == 1 }
            }
        }

        @Test func aStartTakesAReadyOneAndAnotherIsMade() async throws {
            try await withNode { node in
                try await warm(node)
                let before = try await spares(node)
                let id = await node.assign(await node.job("hostname; echo up; sleep 600") { $0.demand.memory = .mebibytes(48) })
                try await node.prints(id, "up")
                await node.becomes(id, .running)
                let group = try #require(await node.recorder.last(id)?.groupName)
                #expect(before.contains(group))
                #expect(await node.services.attempt(inGroup: group) == id)
                // The right to enter them, which root inside would have too, was taken back before the job ran.
                if let unified = await node.services.groups.layout.unified {
                    for part in ["", "/job"] {
                        let file = try Descriptor.open("\(unified)/\(node.groupParent)/\(group)\(part)/cgroup.procs", [.path])
                        #expect(try file.status().uid == 0)
                    }
                }
                // Its limits are the job's own, and it is in force.
                #expect(try await node.kernelCpus(id) == CpuSet([0]))
                #expect(try await node.log(id).hasPrefix("berth-\(id.task)\n"))
                try await node.eventually("another takes its place") { try await spares(node).count == 3 }
                await node.change(id) {
                    $0.record.stop = .cancelled
                    $0.record.grace = .zero
                }
                await node.becomes(id, .finished)
                await node.release(id)
                try await node.eventually("its groups are gone") { try await !spares(node).contains(group) }
                #expect(await node.services.attempt(inGroup: group) == nil)
            }
        }

        /// A start that waits for its user's server does not switch the pool off for all.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func aHungStartIsInNobodysWay() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let hung = await node.assign(
                    await node.job("exit 7") { $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path + "/below", target: "/stuck")] })
                try #require(stuck.isWaitedFor(within: 20))
                try await warm(node)
                let id = await node.assign(await node.job("sleep 600"))
                await node.becomes(id, .running)
                #expect(try #require(await node.recorder.last(id)?.groupName).hasPrefix("spare-"))
                await node.change(hung) { $0.record.stop = .cancelled }
                #expect(await node.outcome(hung) == .cancelled)
                stuck.answer()
            }
        }

        @Test func anotherUsersJobTakesNone() async throws {
            try await withNode { node in
                try await warm(node)
                let user = TestUser.second
                let job = await node.job("echo up; sleep 600") {
                    $0.owner = Owner(user: UserID(user.uid), group: GroupID(user.gid), groups: [], name: user.name)
                }
                let id = await node.assign(job)
                try await node.prints(id, "up")
                await node.becomes(id, .running)
                #expect(await node.recorder.last(id)?.groupName == containerName(id))
                // Nor does one whose kernel file systems are others.
                let other = await node.assign(await node.job("df /dev/shm; echo up; sleep 600") { $0.spec.sharedMemory = .mebibytes(3) })
                try await node.prints(other, "up")
                await node.becomes(other, .running)
                #expect(await node.recorder.last(other)?.groupName == containerName(other))
                #expect(try await node.log(other).contains("3072"))
            }
        }

        /// The stamp tells where the groups are.
        @Test func aJobInOneIsAdopted() async throws {
            try await withNode { node in
                try await warm(node)
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                await node.becomes(id, .running)
                let group = try #require(await node.recorder.last(id)?.groupName)
                #expect(group.hasPrefix("spare-"))
                try await node.restart { $0.lastSeen = nil }
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .running }.count ?? 0 > 1 }
                #expect(await node.recorder.last(id)?.groupName == group)
                #expect(await node.services.attempt(inGroup: group) == id)
                await node.agent.sweep(keeping: [id])
                #expect(try await node.kernelCpus(id) == CpuSet([0]), "the sweep has spared it")
                // Its time runs from its own start, not from the clone.
                let started = try #require(await node.recorder.last(id)?.startedAt?.boot)
                let monitor = try #require(await node.recorder.last(id)?.monitor)
                #expect(UInt64(started.nanoseconds) >= (try ProcessStatus(pid: monitor).startBootNanoseconds))
            }
        }

        @Test func theyEndWithTheirLauncher() async throws {
            try await withNode { node in
                try await warm(node)
                let before = try await spares(node)
                try await node.services.runtime.launcherProcess.signal(9)
                try await node.eventually("their groups are gone") { try await Set(spares(node)).isDisjoint(with: before) }
                #expect(await node.outcome(await node.assign(await node.job("exit 3"))) == .failed(code: 3))
            }
        }

        /// Killed while it waits, or while it is given its job.
        @Test func oneThatIsKilledIsNoFaultOfTheJob() async throws {
            try await withNode { node in
                for round in 0..<10 {
                    try await warm(node)
                    for name in try await spares(node) {
                        for pid in try await node.services.groups.open(name)?.processes() ?? [] { try ProcessHandle(pid: pid).signal(9) }
                    }
                    let id = await node.assign(await node.job("exit 3"))
                    #expect(await node.outcome(id) == .failed(code: 3), "round \(round)")
                    await node.release(id)
                }
            }
        }

        /// A dead one keeps no place: the next start makes two again, although it took neither.
        @Test func aDeadOneIsReplaced() async throws {
            try await withNode { node in
                try await warm(node)
                let name = try #require(try await spares(node).max())
                for pid in try await node.services.groups.open(name)?.processes() ?? [] { try ProcessHandle(pid: pid).signal(9) }
                try await warm(node)
                #expect(try await !spares(node).contains(name))
            }
        }

        /// Told once, and again only after one could be made.
        @Test func aPoolThatDoesNotWorkIsTold() async throws {
            try await withNode { node in
                let waiting = await node.prepare(await node.job("exit 0"))
                await node.eventually("it is prepared") { await node.agent.supervisor(of: waiting)?.prepared != nil }
                let base = try #require(await node.agent.supervisor(of: waiting)?.prepared).plan.description.base
                await node.change(waiting) { $0.isCommitted = true }
                #expect(await node.outcome(waiting) == .succeeded)
                let (services, log) = (await node.services, CapturedLog())
                let pool = SparePool(
                    size: 1, token: "told", groups: services.groups, work: services.work, reactor: services.reactor, logger: log.logger)
                let broken = try ContainerRuntime(
                    initProgram: node.place("bin/berth-init"), runRoot: node.place.directory("runs"), reactor: services.reactor, whenLate: { _ in })
                broken.stop()
                let id = AttemptID(TaskID(JobID(1)), 1)
                for (round, runtime) in [broken, broken, services.runtime, broken].enumerated() {
                    pool.starting(id)
                    pool.started(id, base, runtime)
                    if runtime === broken {
                        await node.eventually("round \(round) is told") { log.lines.count == min(round, 2) + 1 }
                    } else {
                        var made: SparePool.Ready?
                        await node.eventually("one is made") {
                            made = pool.take(base, runtime)
                            return made != nil
                        }
                        if let made { runtime.discard(made.container) }
                        made?.group.removeInBackground()
                    }
                }
                #expect(log.lines.map(\.level) == [.notice, .debug, .notice])
                pool.close(services.runtime)
            }
        }

        /// What is just being made when the daemon stops leaves no group.
        @Test func theEndWaitsForWhatIsBeingMade() async throws {
            try await withNode { node in
                try await warm(node)
                let waiting = await node.prepare(await node.job("exit 0"))
                await node.eventually("it is prepared") { await node.agent.supervisor(of: waiting)?.prepared != nil }
                let base = try #require(await node.agent.supervisor(of: waiting)?.prepared).plan.description.base
                await node.change(waiting) { $0.record.stop = .cancelled }
                await node.release(waiting)
                let (services, gate) = (await node.services, DispatchSemaphore(value: 0))
                for id in await node.desiredAttempts { await node.release(id) }
                services.spares.clear(services.runtime)
                for _ in 0..<8 { services.work.add { gate.wait() } }
                services.spares.started(waiting, base, services.runtime)
                try await Task.sleep(for: .milliseconds(200))
                let end = Task { await services.shutDown() }
                try await Task.sleep(for: .milliseconds(300))
                for _ in 0..<8 { gate.signal() }
                await end.value
                #expect(Leftovers.groups(below: node.groupParent).isEmpty)
            }
        }

        /// What is made ready before it may start does not start, and goes when it is not wanted.
        @Test func whatIsPreparedWaitsForItsCommit() async throws {
            try await withNode { node in
                try await warm(node)
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("echo ran >> \(here)/ran; exit 4") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.prepare(job)
                await node.eventually("it is prepared") { await node.agent.supervisor(of: id)?.prepared != nil }
                try await Task.sleep(for: .milliseconds(200))
                #expect(!Programs.exists("\(here)/ran"))
                #expect(await node.recorder.seen[id] == nil)
                await node.change(id) { $0.isCommitted = true }
                #expect(await node.outcome(id) == .failed(code: 4))
                #expect(try readTextFile("\(here)/ran") == "ran\n")
                let unwanted = await node.prepare(await node.job("exit 5"))
                await node.eventually("it is prepared") { await node.agent.supervisor(of: unwanted)?.prepared != nil }
                await node.change(unwanted) {
                    $0.isCommitted = true
                    $0.record.stop = .cancelled
                }
                #expect(await node.outcome(unwanted) == .cancelled)
            }
        }
    }
}
