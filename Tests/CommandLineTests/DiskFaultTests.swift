import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What the disk under the state directory does: jobs that run go on, new ones wait or are refused, and the service is back when the
    /// disk is.
    @Suite(.enabled(if: SmallDisk.isThere, "needs root, loop devices and mkfs.ext4")) struct DiskFaultTests {
        /// A daemon whose state lies on a disk of its own.
        private func withDisk(_ configuration: String = "", _ body: (TestDaemon, SmallDisk) throws -> Void) throws {
            let daemon = try TestDaemon(configuration: configuration)
            let disk = try SmallDisk(image: daemon.place("disk"), at: daemon.state, mebibytes: 400)
            do {
                try daemon.start()
                try daemon.prepare()
                try body(daemon, disk)
            } catch {
                Issue.record("\(error)\n\(daemon.log.suffix(3000))")
            }
            disk.stopFilling()
            for finding in try daemon.end(unmounting: disk) { Issue.record("left behind: \(finding)") }
        }

        /// A job that writes a line into a file of the shared directory every 0.1 s until it is told to end.
        private func ticking(_ daemon: TestDaemon, _ name: String) throws -> String {
            let work = daemon.place("work")
            let id = try daemon.submit(
                script: "while [ ! -e \(work)/\(name).end ]; do echo tick | tee -a \(work)/\(name); sleep 0.1; done", ["--cpu", "0.2"], in: work)
            try daemon.await(id, "running")
            return id
        }

        private func ticks(_ daemon: TestDaemon, _ name: String) -> Int { ((try? readTextFile(daemon.place("work/\(name)"))) ?? "").count }

        private func goesOn(_ daemon: TestDaemon, _ name: String) {
            let before = ticks(daemon, name)
            eventually("the job goes on") { ticks(daemon, name) > before + 10 }
        }

        /// Refused in one line that names the directory and what it lacks.
        private func refuses(_ daemon: TestDaemon, _ words: String...) throws {
            let result = try daemon.berth(["submit", "--no-cwd", "--", "true"])
            #expect(result.status != 0 && result.errorLines.count == 1, "\(result)")
            for word in [daemon.state] + words { #expect(result.errors.contains(word), "\(result)") }
        }

        /// Taken, because the database has room, and not started into a failure; it says why.
        private func waits(_ daemon: TestDaemon, _ words: String...) throws -> String {
            let id = try daemon.submit(script: "true", ["--cpu", "0.2", "--no-cwd"])
            var shown = ""
            try eventually("it tells what it waits for") {
                shown = try daemon.berth(["show", id]).output
                return (["waits for the disk"] + words).allSatisfy { shown.contains($0) }
            }
            return id
        }

        private func worksAgain(_ daemon: TestDaemon) throws {
            try eventually("a submit is taken again") { try daemon.berth(["submit", "--dry-run", "--no-cwd", "--", "true"]).status == 0 }
            let result = try daemon.runToEnd(script: "echo scratch > /tmp/x && cat /tmp/x", ["--cpu", "0.2"])
            #expect(result.status == 0 && result.output == "scratch\n", "\(result)\n\(daemon.log.suffix(2000))")
        }

        @Test("A full disk, of bytes and of inodes") func full() throws {
            try withDisk { daemon, disk in
                for (name, fill, word) in [("bytes", { try disk.fillOnce() }, "disk_reserve"), ("inodes", { try disk.fillInodes() }, "inodes")]
                    as [(String, () throws -> Void, String)]
                {
                    let runs = try ticking(daemon, name)
                    let ends = try ticking(daemon, name + "-ends")
                    let held = try daemon.submit(script: "true", ["--cpu", "0.2", "--hold"])
                    try fill()
                    // As the kernel does every 30 s: the file system of the scratch finds no room for what it holds in memory.
                    _ = try? Command(["sync", "-f", "\(daemon.state)/scratch/mount"]).run()
                    goesOn(daemon, name)
                    let taken = try waits(daemon, daemon.state, word)
                    _ = try daemon.berth(["release", held])
                    // Its end is recorded all the same.
                    try daemon.place.write("work/\(name)-ends.end", "")
                    #expect(try daemon.berth(["wait", "--timeout", "60s", ends]).status == 0, "\(daemon.log.suffix(2000))")
                    goesOn(daemon, name)
                    #expect(try daemon.berth("list --state pending --quiet").output.split(separator: "\n").map(String.init) == [held, taken])
                    disk.stopFilling()
                    try worksAgain(daemon)
                    let ended = try daemon.berth(["wait", "--timeout", "60s", held, taken])
                    #expect(ended.status == 0, "\(ended)\(daemon.log.suffix(2000))")
                    try daemon.place.write("work/\(name).end", "")
                    #expect(try daemon.berth(["wait", "--timeout", "60s", runs]).status == 0)
                }
            }
        }

        @Test("A full disk without a reserve for the database") func withoutAReserve() throws {
            try withDisk("disk_reserve: 0\n") { daemon, disk in
                let runs = try ticking(daemon, "bare")
                let held = try daemon.submit(script: "true", ["--cpu", "0.2", "--hold"])
                try disk.fillOnce()
                goesOn(daemon, "bare")
                try refuses(daemon, "is full", "needed 32M")
                _ = try daemon.berth(["release", held])
                // Its end is seen, and recorded at the latest when there is room.
                try daemon.place.write("work/bare.end", "")
                #expect(try daemon.berth("list").status == 0)
                disk.stopFilling()
                try worksAgain(daemon)
                // In case the database had no room for that.
                _ = try daemon.berth(["release", held])
                let ended = try daemon.berth(["wait", "--timeout", "60s", runs, held])
                #expect(ended.status == 0, "\(ended)\(daemon.log.suffix(2000))")
            }
        }

        @Test("A full directory of logs") func logs() throws {
            let daemon = try TestDaemon()
            try daemon.place.directory("state", mode: 0o711)
            try daemon.place.directory("state/logs", mode: 0o700)
            try Mount.mount("logs", at: daemon.place("state/logs"), type: "tmpfs", data: "size=40m,nr_inodes=1000")
            let disk = SmallDisk(mounted: daemon.place("state/logs"))
            do {
                try daemon.start()
                try daemon.prepare()
                let runs = try ticking(daemon, "logs")
                try disk.fillOnce()
                goesOn(daemon, "logs")
                let taken = try waits(daemon, "\(daemon.state)/logs is full")
                disk.stopFilling()
                try worksAgain(daemon)
                try daemon.place.write("work/logs.end", "")
                #expect(try daemon.berth(["wait", "--timeout", "60s", runs, taken]).status == 0)
            } catch { Issue.record("\(error)\n\(daemon.log.suffix(3000))") }
            disk.stopFilling()
            for finding in try daemon.end(unmounting: disk) { Issue.record("left behind: \(finding)") }
        }

        @Test("A disk that turns read-only, and is mended") func readOnly() throws {
            try withDisk { daemon, disk in
                let runs = try ticking(daemon, "ro")
                try disk.fail()
                goesOn(daemon, "ro")
                try refuses(daemon, "ead-only")
                #expect(try daemon.berth("list").output.contains(runs))
                let found = try daemon.berth("doctor")
                #expect(found.status == 1 && found.output.contains("mount -o remount,rw \(disk.path) ||"), "\(found)")
                // To its end, which is known once the disk is mended.
                let processes = try daemon.processes(of: runs)
                try daemon.place.write("work/ro.end", "")
                eventually("the job ends by itself") { processes.allSatisfy { !Programs.exists("/proc/\($0)") } }
                _ = try daemon.stop()
                let refused = #expect(throws: TestDaemon.Failure.self) { try daemon.start() }
                #expect(refused?.description.contains("Read-only") == true)
                try Mount.detach("\(daemon.state)/scratch/mount")
                try disk.unmount()
                try disk.repair()
                try disk.mount()
                try daemon.start()
                #expect(try daemon.berth(["wait", "--timeout", "60s", runs]).status == 0, "\(daemon.log.suffix(2000))")
                try worksAgain(daemon)
            }
        }

        @Test("A disk whose every fsync takes 2 s", .enabled(if: Programs.exists("/usr/bin/strace"), "needs strace")) func slow() throws {
            try withDisk { daemon, _ in
                let runs = try ticking(daemon, "slow")
                let tracer = try Command([
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=2000000", "-p",
                    "\(daemon.pid)",
                ]).start()
                defer { tracer.signal(2); _ = try? tracer.finish() }
                try eventually("traced") { try readTextFile("/proc/\(daemon.pid)/status").contains("TracerPid:\t\(tracer.handle.pid)") }
                let found = try daemon.berth("doctor")
                #expect(found.output.contains("warning  disk ") && found.output.contains("state_directory: /OTHER/berth"), "\(found)")
                // Reading waits for nothing, however long commits take.
                let submits = try (0..<3).map { _ in try daemon.command(["submit", "--quiet", "--no-cwd", "--cpu", "0.2", "--", "true"]).start() }
                goesOn(daemon, "slow")
                for _ in 0..<5 { #expect(try daemon.berth("list", seconds: 20).status == 0) }
                let ids = try submits.map { try $0.finish(seconds: 60) }
                for result in ids { #expect(result.status == 0, "\(result)") }
                #expect(try daemon.berth(["wait", "--timeout", "80s"] + ids.map(\.line)).status == 0)
                try daemon.place.write("work/slow.end", "")
                #expect(try daemon.berth(["wait", "--timeout", "80s", runs]).status == 0)
            }
        }

        @Test("A corrupt page of the database") func corrupt() throws {
            // The file is as much longer than what it holds.
            let daemon = try TestDaemon(configuration: "disk_reserve: 16M\n")
            do {
                try daemon.start()
                try daemon.prepare()
                let runs = try ticking(daemon, "corrupt")
                let name = daemon.state + "/berth.db"
                _ = try daemon.stop()
                let good = try readFile(name, limit: 64 << 20)
                let file = try Descriptor.open(name, [.readWrite])
                // Of every page but the first something is lost.
                for page in 1..<good.count / 4096 { try file.write([UInt8](repeating: 0x5A, count: 64), at: Int64(page * 4096)) }
                let before = try readFile(name, limit: 64 << 20)
                #expect(throws: TestDaemon.Failure.self) { try daemon.start() }
                #expect(daemon.log.contains("\(name): damaged") && daemon.log.contains("to restore"), "\(daemon.log.suffix(1000))")
                #expect(try readFile(name, limit: 64 << 20) == before)
                goesOn(daemon, "corrupt")
                try file.truncate(to: 0)
                try file.write(good, at: 0)
                try daemon.start()
                #expect(try daemon.taskState(runs) == "running")
                try daemon.place.write("work/corrupt.end", "")
                #expect(try daemon.berth(["wait", "--timeout", "60s", runs]).status == 0)
                try worksAgain(daemon)
            } catch { Issue.record("\(error)\n\(daemon.log.suffix(3000))") }
            for finding in try daemon.end() { Issue.record("left behind: \(finding)") }
        }
    }
}
