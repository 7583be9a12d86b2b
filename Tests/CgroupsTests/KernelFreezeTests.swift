import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import Cgroups

/// Freezing, killing and removing in the real kernel.
@Suite(.serialized, .enabled(if: KernelFixture.isRoot, "needs root")) struct KernelFreezeTests {
    /// Children that wake a hundred times a second, each using some cpu time.
    private func crowd(_ count: Int) -> String {
        "for (1..\(count - 1)) { last unless my $p = fork; } print 'r'; while (1) { select undef, undef, undef, 0.01; my $x = 0; $x++ for 1..200; }"
    }

    /// An emulated machine is too slow to start a thousand.
    private var count: Int { (try? readTextFile("/proc/cpuinfo"))?.contains("QEMU TCG") == true ? 200 : 1_000 }

    @Test(arguments: KernelFixture.layouts) func aThousandProcessesStopAtOnce(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let group = try kernel.group()
            let place = try TemporaryDirectory("freeze")
            defer { place.remove() }
            // Each leaves a trace whenever it runs: what a process did is told by that, its time is counted only when the kernel gets to it.
            let traces = try Descriptor.open(place("traces"), [.readWrite, .create], mode: 0o600)
            let worker = try kernel.start(
                """
                open F, '>>', '\(place("traces"))';
                for (1..\(count - 1)) { if (!fork) { while (1) { select undef, undef, undef, 0.2; syswrite F, 's'; } } }
                print 'ready'; while (1) { syswrite F, 'b'; }
                """, in: group)
            #expect(try worker.output.read(upTo: 5) == Array("ready".utf8))
            #expect(try group.jobProcesses().count == count)
            #expect(try !group.isFrozen())
            try group.freeze()
            // At once: a freeze that is only asked for is complete a little later too.
            #expect(try group.isFrozen())
            let before = try traces.status().size
            sleepBlocking(nanoseconds: 500_000_000)
            #expect(try traces.status().size == before, "not one of them ran after freeze returned")
            try group.freeze()
            try group.thaw()
            #expect(try !group.isFrozen())
            #expect(try eventually { try traces.status().size > before }, "they run again")
            try group.thaw()
            try group.freeze()
            try group.kill()
            #expect(try !group.isPopulated())
            #expect(try worker.process.wait() == .killed(signal: 9, coreDumped: false))
            try group.thaw()
            try group.remove()
            #expect(try kernel.parent.names().isEmpty)
        }
    }

    @Test(arguments: KernelFixture.layouts) func onlyTheJobIsFrozenAndKilled(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let group = try kernel.group()
            // A stand-in for PID 1: in the attempt's groups, not in `job`.
            let monitor = try kernel.start("while (1) { select undef, undef, undef, 0.01; print 't'; }", in: group)
            if let unified = group.directories.unified {
                try unified.write("cgroup.procs", "\(monitor.process.pid)")
            } else {
                try group.directories.legacy[.freezer]?.write("tasks", "\(monitor.process.pid)")
            }
            let job = try kernel.start("sleep 60;", in: group)
            #expect(try group.jobProcesses() == [job.process.pid])
            #expect(try Set(group.processes()) == [monitor.process.pid, job.process.pid])
            try group.freeze()
            _ = try monitor.output.read(upTo: 100_000)
            #expect(try !poll(monitor.output, for: .readable, milliseconds: 5_000).isEmpty, "the monitor goes on")
            try group.kill(.job)
            #expect(try job.process.wait() == .killed(signal: 9, coreDumped: false))
            #expect(monitor.process.isAlive)
            #expect(try group.isPopulated(.everything) && !group.isPopulated(.job))
            try group.kill(.everything)
            #expect(try monitor.process.wait() == .killed(signal: 9, coreDumped: false))
        }
    }

    @Test(arguments: KernelFixture.layouts) func aFrozenGroupIsKilledWhole(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let group = try kernel.group()
            let worker = try kernel.start(crowd(50), in: group)
            _ = try worker.output.read(upTo: 1)
            try group.freeze()
            try group.kill(.everything)
            #expect(try group.processes().isEmpty)
            #expect(try worker.process.wait() == .killed(signal: 9, coreDumped: false))
        }
    }

    @Test(arguments: KernelFixture.layouts) func aForkBombIsKilled(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.pids = 200
            let group = try kernel.group(limits)
            let worker = try kernel.start(
                "$SIG{CHLD} = 'IGNORE'; while (1) { my $p = fork; select undef, undef, undef, 0.001; }", in: group)
            #expect(try eventually { try group.jobProcesses().count > 50 })
            try group.kill()
            #expect(try !group.isPopulated())
            #expect(try worker.process.wait() == .killed(signal: 9, coreDumped: false))
        }
    }

    @Test(.enabled(if: (try? Descriptor.open("/dev/fuse", .readWrite)) != nil, "needs FUSE"), arguments: KernelFixture.layouts)
    func whatCannotBeFrozenIsNamedAndRunsAgain(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            // Nobody answers this FUSE, so whoever looks inside waits where no freezer reaches.
            let fuse = try Descriptor.open("/dev/fuse", .readWrite)
            let place = "/tmp/berth-test-fuse-\(UInt32.random(in: 0...UInt32.max))"
            let temporary = try Descriptor.open("/tmp", .directory)
            let name = String(place.split(separator: "/")[1])
            try temporary.makeDirectory(name)
            defer { try? temporary.removeDirectory(name) }
            let options = "fd=\(fuse.rawValue),rootmode=40000,user_id=0,group_id=0"
            try Mount.mount("berth-test", at: place, type: "fuse", flags: 6, data: options)
            defer { try? Mount.detach(place, lazily: true) }
            let group = try kernel.group()
            let stuck = try kernel.start("stat('\(place)/x'); sleep 60;", in: group)
            // v1 can freeze the wait for an answer, but not the second who waits for the directory's lock.
            #expect(eventually { (try? ProcessStatus(pid: stuck.process.pid).state) == "D" })
            let second = try kernel.start("mkdir('\(place)/y'); sleep 60;", in: group)
            let free = try kernel.start("sleep 60;", in: group)
            #expect(eventually { (try? ProcessStatus(pid: second.process.pid).state) == "D" })
            let error = #expect(throws: FreezeError.self) { try group.freeze(deadlineMilliseconds: 300) }
            guard case .notFrozen(let failure) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect([stuck.process.pid, second.process.pid].contains(failure.pid) && failure.state == "D")
            #expect(failure.waitChannel?.isEmpty == false)
            #expect(failure.description.contains("pid \(failure.pid ?? 0) in state D waits in "))
            #expect(try !group.isFrozen())
            #expect(try free.process.wait(block: false) == nil)
            fuse.close()
            for worker in [stuck, second] { #expect(eventually { (try? ProcessStatus(pid: worker.process.pid).state) == "S" }) }
            try group.freeze(deadlineMilliseconds: 5_000)
        }
    }

    @Test(arguments: KernelFixture.layouts) func leftoversAreSweptAndKeptOnesAreNot(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let old = try kernel.group()
            let kept = try kernel.group()
            let victim = try kernel.start("sleep 60;", in: old)
            let survivor = try kernel.start("sleep 60;", in: kept)
            try old.freeze()
            // Another daemon's view: only names are known.
            let again = try GroupParent(layout: kernel.layout, name: kernel.parent.name)
            #expect(try again.names() == [old.name, kept.name])
            #expect(try again.open("77.1") == nil)
            #expect(try again.sweep(keeping: [kept.name]).isEmpty)
            #expect(try victim.process.wait() == .killed(signal: 9, coreDumped: false))
            #expect(try again.names() == [kept.name])
            #expect(survivor.process.isAlive)
            let adopted = try #require(try again.open(kept.name))
            #expect(try adopted.jobProcesses() == [survivor.process.pid])
            let error = #expect(throws: CgroupError.self) { try kernel.parent.remove() }
            #expect(error?.cause?.errnoName == "EBUSY")
        }
    }

    @Test(arguments: KernelFixture.layouts) func manyGroupsGoInTheBackground(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let group = try kernel.group()
            let worker = try kernel.start("sleep 60;", in: group)
            // Asked while the process still lives: EBUSY until it is gone, and the others need not wait for it.
            group.removeInBackground()
            for _ in 0..<50 { try kernel.group().removeInBackground() }
            #expect(try eventually { try kernel.parent.names() == [group.name] })
            try group.kill()
            _ = try worker.process.wait()
            #expect(kernel.parent.waitForRemovals().isEmpty)
            #expect(try kernel.parent.names().isEmpty)
        }
    }

    @Test(.enabled(if: KernelFixture.layouts.contains { $0 != .v1 }, "needs a cgroup v2 hierarchy"))
    func theRightToEnterIsGivenAndTakenBack() throws {
        try withKernel(KernelFixture.layouts[0]) { kernel in
            let group = try kernel.group()
            try group.allowEntry(uid: 4242, gid: 4343)
            #expect(try group.directories.job?.descriptor.status(at: "cgroup.procs").uid == 4242)
            try group.endEntry()
            #expect(try group.directories.job?.descriptor.status(at: "cgroup.procs").uid == 0)
        }
    }
}
