import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// A disk that others fill as fast as they can, with the state directory on it.
    @Suite(.enabled(if: SmallDisk.isThere && Programs.canRun, "needs root, loop devices and mkfs.ext4")) struct DiskTests {
        @Test func theDaemonGoesOnWhenTheDiskIsFull() throws {
            let disk = try SmallDisk(mebibytes: 320)
            let daemon = try TestDaemon(whole: { daemon in
                """
                state_directory: \(disk.path)/state
                run_directory: \(daemon.runPlace)
                socket: \(daemon.socket)
                cgroup_parent: \(daemon.groupParent)
                disk_reserve: 8M
                defaults: {memory_per_core: 64M, scratch: 4M}
                """
            })
            do {
                try daemon.start()
                try daemon.prepare()
                try test(daemon, disk)
            } catch { Issue.record(error) }
            disk.stopFilling()
            for finding in try daemon.end() { Issue.record("left behind: \(finding)") }
            disk.remove()
        }

        private func test(_ daemon: TestDaemon, _ disk: SmallDisk) throws {
            let here = try daemon.place.directory("full", mode: 0o777)
            let printing = try daemon.submit(
                script: "while ! [ -e go ]; do sleep 0.1; done; head -c 3000000 /dev/zero; exit 3", ["--cpu", "0.2"], in: here)
            try daemon.await(printing, "running")
            try disk.fill()
            // More than a page of the database; each is durable before its id is told.
            let script = "for n in $(seq 20); do \(Programs.path("berth")) submit --quiet --cpu 0.1 --no-cwd -- true || exit; done"
            let result = try Command(["sh", "-c", script], environment: ["BERTH_SOCKET": daemon.socket]).run(seconds: 90)
            let ids = result.output.split(separator: "\n").map(String.init)
            #expect(result.status == 0 && ids.count == 20, "\(result)")
            let list = try daemon.berth("list").output
            #expect(list.contains("waits for the disk"), "\(list)")
            let tar = try TestImage.busybox(in: daemon.place)
            let refused = try daemon.berth(["image", "import", tar, "second"])
            #expect(
                refused.status == 1 && refused.errors.contains("needed are more than 8M (disk_reserve)") && refused.errorLines.count == 1,
                "\(refused)")
            try #expect(daemon.berth("doctor").output.contains("nothing starts"))
            // What runs goes on: what it prints is dropped and counted, and its end is recorded.
            try daemon.place.write("full/go", "")
            #expect(try daemon.berth(["wait", printing]).status == 3)
            let usage = try daemon.show(printing)["attempts"][-1]["usage"]
            #expect((usage["logDroppedBytes"].number ?? 0) > 2_000_000, "\(usage)")
            #expect(try daemon.berth(["cancel", ids[0]]).status == 0)
            disk.stopFilling()
            #expect(try daemon.berth(["wait", "--timeout", "60s"] + ids.dropFirst()).status == 0)
        }
    }
}
