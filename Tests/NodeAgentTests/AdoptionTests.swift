import Cgroups
import Containers
import Foundation
import Images
import JobLog
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// What a daemon makes of what an earlier one left.
    @Suite struct AdoptionTests {
        @Test func anotherBootIsALoss() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("exit 0"), bootID: "11111111-2222-3333-4444-555555555555")
                #expect(await node.outcome(id) == .nodeLost)
                let states = await node.recorder.states(id)
                #expect(states == [.finished], "nothing was started")
            }
        }

        /// contract §2: time limits run on the boot clock, also when the daemon died before it could store that the job runs.
        @Test func aRunningJobIsTakenOverWithItsTrueStart() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                await node.becomes(id, .running)
                let started = try #require(await node.recorder.last(id)?.startedAt)
                try await Task.sleep(for: .seconds(1))
                try await node.restart { $0.lastSeen = nil }
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .running }.count == 2 }
                let adopted = try #require(await node.recorder.last(id)?.startedAt)
                #expect(abs((adopted.boot - started.boot).milliseconds) < 500, "\(adopted) \(started)")
            }
        }

        @Test func aJobThatEndedMeanwhileTellsHow() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("sleep 2; exit 7"))
                await node.becomes(id, .running)
                await node.services.shutDown()
                try await Task.sleep(for: .seconds(3))
                try await node.restart()
                #expect(await node.outcome(id) == .failed(code: 7))
                let end = try #require(await node.recorder.last(id))
                #expect(end.usage?.memoryPeak != nil && end.usage?.cpuUserMicroseconds != nil)
                // The record says when, not the adoption.
                let ran = try #require(end.endedAt).boot - (try #require(end.startedAt)).boot
                #expect((1_900..<2_900).contains(ran.milliseconds), "\(ran)")
            }
        }

        /// What was used before a pause and before a daemon was there no more counts as what comes after, once each.
        @Test func usageIsCarriedAcrossAPauseAndARestart() async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
                let job = await node.job("\(burn); echo half; while ! [ -e \(here)/go ]; do sleep 0.05; done; \(burn)") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.assign(job)
                try await node.prints(id, "half")
                let before = try #require(try await node.group(id)?.usage())
                await node.change(id) { $0.frozen = true }
                await node.becomes(id, .paused)
                try await Task.sleep(for: .milliseconds(500))
                try await node.restart()
                await node.eventually("it is adopted, frozen") { await node.recorder.last(id)?.state == .paused }
                await node.change(id) { $0.frozen = false }
                await node.becomes(id, .running)
                try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                #expect(await node.outcome(id) == .succeeded)
                let end = try #require(await node.recorder.last(id))
                let (first, all) = (try #require(before.cpuMicroseconds), try #require(end.usage?.cpuMicroseconds))
                #expect(all >= first + first / 3, "\(first) before, \(all) in all")
                #expect(try #require(end.usage?.memoryPeak) >= (try #require(before.memoryPeak)))
                #expect(try #require(end.usage?.minorFaults) > (try #require(before.minorFaults)))
                #expect(end.pausedFor >= TimeSpan(milliseconds: 500))
                // Nothing but its own processes' part is without the start.
                #expect(try #require(end.usage?.reapedCpuMicroseconds) <= all)
            }
        }

        /// What the scratch held is read before it goes; on btrfs only what the file system knows by then, and no zero in its place.
        @Test(arguments: [ScratchKind.memory, .disk]) func whatTheScratchHeldIsTold(kind: ScratchKind) async throws {
            try await withNode { node in
                let job = await node.job("dd if=/dev/zero of=/tmp/kept bs=1M count=3 2>&1") {
                    $0.demand.scratchKind = kind
                    $0.demand.scratch = .mebibytes(16)
                }
                let id = await node.assign(job)
                #expect(await node.outcome(id) == .succeeded)
                let usage = try #require(await node.recorder.last(id)?.usage)
                if kind == .memory || usage.scratchPartial == false {
                    #expect(try #require(usage.scratchBytes) >= .mebibytes(3) && (usage.scratchFiles ?? 0) > 0)
                } else {
                    #expect(usage.scratchBytes != .zero && usage.scratchFiles == nil)
                }
            }
        }

        /// A start that was cut off before PID 1 had its go: nothing ran, and now it does, once.
        @Test(arguments: [false, true])
        func anInterruptedStartIsMadeAnew(groupsToo: Bool) async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("echo ran >> \(here)/ran; exit 4") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = AttemptID(TaskID(job.id), 1)
                let (services, name) = (await node.services, containerName(id))
                let root = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)"
                try Descriptor.workingDirectory.makeDirectory("\(root)/\(name)", mode: 0o700)
                // The log's files were made with the directory.
                try services.logs.make(job.id).open(at: "\(name).log", [.writeOnly, .create, .exclusive], mode: 0o600).close()
                if groupsToo { _ = try services.groups.prepare(name) }
                _ = await node.assign(job)
                #expect(await node.outcome(id) == .failed(code: 4))
                #expect(try readTextFile("\(here)/ran") == "ran\n")
            }
        }

        /// The daemon died between the overlay, which marks the scratch as used, and the run directory.
        @Test func aStartThatWasCutOffBeforeItsDirectoryIsMadeAnew() async throws {
            try await withNode { node in
                let first = await node.assign(await node.job("exit 0"))
                #expect(await node.outcome(first) == .succeeded)
                let services = await node.services
                // What a start had made by then: groups, and scratch with an overlay over it.
                try services.groups.open(containerName(first))?.kill(.everything)
                try services.runtime.forget(containerName(first))
                try await node.restart { $0.lastSeen = nil }
                await node.eventually("it ran again") { await node.recorder.seen[first]?.filter { $0.state == .finished }.count == 2 }
                #expect(await node.recorder.last(first)?.outcome == .succeeded)
            }
        }

        /// The run directory of a job that was seen running is gone, and its PID 1 cannot be found: nobody knows how it ended.
        @Test func aVanishedRunDirectoryIsALostMonitor() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("sleep 600"))
                await node.becomes(id, .running)
                let services = await node.services
                try services.groups.open(containerName(id))?.kill(.everything)
                await node.becomes(id, .finished)
                let seen = try #require(await node.recorder.seen[id]?.first { $0.state == .running })
                try services.runtime.forget(containerName(id))
                try await node.restart { $0.lastSeen = seen }
                await node.eventually("it is told again") { await node.recorder.seen[id]?.filter { $0.state == .finished }.count == 2 }
                #expect(await node.recorder.last(id)?.outcome == .monitorLost)
            }
        }

        /// Nobody looked while it was on disk: that is no time that it ran, whether it runs still or not. Once it was taken over it is counted.
        @Test(arguments: [true, false]) func timeOnDiskThatNobodySawIsNoTimeItRan(goesOn: Bool) async throws {
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let job = await node.job("while ! [ -e \(here)/go ]; do sleep 0.05; done; exit 7") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: here, target: here)]
                }
                let id = await node.assign(job)
                await node.becomes(id, .running)
                let monitor = try #require(await node.recorder.last(id)?.monitor)
                await node.services.shutDown()
                let began = Double(try ProcessStatus(pid: monitor).startTime) / 100
                let place = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))"
                try Descriptor.open("\(place)/restored", [.writeOnly, .create], mode: 0o600).write("\(began - 20)\n")
                let handle = try ProcessHandle(pid: monitor)
                if !goesOn {
                    try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                    #expect(try handle.waitUntilEnded(milliseconds: 30_000))
                }
                // Seen last was the PID 1 that was dumped.
                try await node.restart { $0.lastSeen?.monitor = 1 }
                if goesOn {
                    await node.eventually("it is adopted") { await node.recorder.last(id)?.pausedFor ?? .zero > .zero }
                    try await node.restart()
                    try Descriptor.open(here, .directory).open(at: "go", [.writeOnly, .create], mode: 0o644).close()
                }
                #expect(await node.outcome(id) == .failed(code: 7))
                let paused = try #require(await node.recorder.last(id)?.pausedFor)
                #expect((19_990...20_010).contains(paused.milliseconds), "\(paused)")
            }
        }

        /// The end of a PID 1 that was dumped is not the job's; nor has it to be restored before the job can be ended.
        @Test func aJobInADumpIsWaitedForAndCanBeEnded() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                await node.becomes(id, .running)
                let place = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))"
                try Descriptor.open("\(place)/dumped", [.writeOnly, .create], mode: 0o600).close()
                try ProcessHandle(pid: try #require(await node.recorder.last(id)?.monitor)).signal(9)
                await node.becomes(id, .suspended)
                try await node.restart()
                try await Task.sleep(for: .seconds(1))
                #expect(await node.recorder.last(id)?.state == .suspended)
                #expect(await node.recorder.last(id)?.pausedSince != nil)
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
            }
        }

        /// The cores that were decided are in force before anything runs on them, whatever the kernel had before.
        @Test(.enabled(if: Node.hasTwoCpus, "needs two cpus"))
        func anAdoptedJobGetsItsCoresBeforeItIsThawed() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("sleep 600"), cpus: CpuSet([0]))
                await node.becomes(id, .running)
                await node.change(id) {
                    $0.frozen = true
                    $0.record.coresReleased = true
                }
                await node.becomes(id, .paused)
                try await node.restart()
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .paused }.count == 2 }
                #expect(try await node.kernelCpus(id) == CpuSet([0]), "it has no cores to be set")
                await node.change(id) {
                    $0.frozen = false
                    $0.record.coresReleased = false
                    $0.record.placement.cpus = CpuSet([1])
                }
                await node.becomes(id, .running)
                #expect(try await node.kernelCpus(id) == CpuSet([1]))
                // And one that ran on while no daemon looked.
                try await node.restart { $0.record.placement.cpus = CpuSet([0]) }
                try await node.eventually("its cores are set") { try await node.kernelCpus(id) == CpuSet([0]) }
            }
        }

        @Test func aWarningIsSentOnce() async throws {
            try await withNode { node in
                let job = await node.job("trap 'echo warned' USR1; echo ready; while true; do sleep 0.1; done") {
                    $0.timeLimit = .seconds(60)
                    $0.spec.warning = WarningSignal(signal: "USR1", before: .seconds(59))
                }
                let id = await node.assign(job)
                try await node.prints(id, "warned")
                try await node.restart()
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .running }.count ?? 0 >= 3 }
                try await Task.sleep(for: .seconds(1))
                #expect(try await node.log(id) == "ready\nwarned\n")
                #expect(await node.recorder.details(id, .warningSignal).count == 1)
            }
        }

        @Test func thresholdsAreToldOnce() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; exec probe eat 29 stay"))
                await node.eventually("80 % is told") { await node.recorder.details(id, .memoryThreshold).contains { $0.hasPrefix("80") } }
                try await Task.sleep(for: .milliseconds(300))
                let before = await node.recorder.details(id, .memoryThreshold)
                try await node.restart()
                try await Task.sleep(for: .seconds(1))
                #expect(await node.recorder.details(id, .memoryThreshold) == before)
                await node.change(id) {
                    $0.record.stop = .cancelled
                    $0.record.grace = .zero
                }
                await node.becomes(id, .finished)
                #expect(await node.recorder.details(id, .memoryThreshold) == before)
            }
        }

        /// The grace period goes on, and the job is not asked twice.
        @Test func anAdoptedStopIsOneStop() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("trap 'echo asked' TERM; echo ready; while true; do sleep 0.1; done"))
                try await node.prints(id, "ready")
                await node.change(id) {
                    $0.record.stop = .cancelled
                    $0.record.grace = .seconds(4)
                }
                try await node.prints(id, "asked")
                let asked = node.clock.now().boot
                try await Task.sleep(for: .seconds(2))
                try await node.restart()
                #expect(await node.outcome(id) == .cancelled)
                let ended = try #require(await node.recorder.last(id)?.endedAt).boot
                #expect((3_000..<5_500).contains((ended - asked).milliseconds), "\(ended - asked)")
                #expect(try await node.log(id) == "ready\nasked\n")
            }
        }

        /// A record with times that cannot be ends the attempt, not the daemon.
        @Test func impossibleTimesInARecordAreSurvived() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                await node.becomes(id, .running)
                var record = ExitRecord(outcome: .ended(waitStatus: 3 << 8))
                record.startBootNanoseconds = .max
                record.endBootNanoseconds = .max
                record.usage.userMicroseconds = .max
                record.logBytesDropped = .max
                let place = "\(node.runPlace.path)/run/attempts-\(node.clock.bootID)/\(containerName(id))/record"
                try Descriptor.open(place, [.writeOnly]).write(record.encoded())
                try ProcessHandle(pid: try #require(await node.recorder.last(id)?.monitor)).signal(9)
                #expect(await node.outcome(id) == .failed(code: 3))
            }
        }

        /// Somebody removed the job's groups: it can be neither frozen nor counted, but it can be ended.
        @Test func aJobWithoutGroupsCanBeEnded() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("echo up; sleep 600"))
                try await node.prints(id, "up")
                let services = await node.services
                let pids = try #require(try services.groups.open(containerName(id))).processes()
                let name = containerName(id)
                let groups = Leftovers.groups(below: node.groupParent).filter { $0.hasSuffix("/\(name)/job") || $0.hasSuffix("/\(name)") }
                for group in groups {
                    let above = group.components(separatedBy: "/\(node.groupParent)")[0]
                    for pid in pids { try Descriptor.open("\(above)/cgroup.procs", [.writeOnly]).write("\(pid)") }
                }
                for group in groups.sorted(by: >) { try Command(["rmdir", group]).run() }
                try await node.restart()
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .running }.count == 2 }
                await node.change(id) { $0.frozen = true }
                await node.eventually("the pause is refused") { await node.recorder.last(id)?.freezeFailed == true }
                await node.change(id) {
                    $0.record.stop = .cancelled
                    $0.record.grace = .zero
                }
                #expect(await node.outcome(id) == .cancelled)
                for pid in pids { #expect((try? ProcessHandle(pid: pid).isAlive) != true) }
            }
        }

        /// Jobs whose scratch is in memory are not found in any directory; they go on all the same.
        @Test func aCleanStopCountsJobsWithScratchInMemory() async throws {
            try await withNode { node in
                let id = await node.assign(await node.job("sleep 600") { $0.demand.scratchKind = .memory })
                await node.becomes(id, .running)
                try await node.restart()
                await node.eventually("it is adopted") { await node.recorder.seen[id]?.filter { $0.state == .running }.count == 2 }
                let services = await node.services
                await services.shutDown()
                if services.scratch.diskLimit == .subvolumeQuota {
                    let mounted = try MountTable().entries.contains { $0.mountPoint == node.place("state/scratch/mount") }
                    #expect(mounted, "nothing is taken down while a job goes on")
                }
                try await node.restart()
                await node.eventually("it is adopted again") { await node.recorder.seen[id]?.filter { $0.state == .running }.count == 3 }
            }
        }
    }
}
