import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// A clean stop of `berthd`, on a daemon of its own.
    @Suite struct StopTests {
        /// SIGTERM with a job that runs, a client that follows its log, one that follows events and one that is connected and silent.
        @Test(arguments: [15, 2] as [Int32]) func aCleanStopTellsNoError(signal: Int32) throws {
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let id = try daemon.submit(script: "echo started; while [ ! -e go ]; do sleep 0.1; done", in: daemon.place("work"))
            try daemon.awaitLog(id, "started")
            let following = try [["logs", "-f", id], ["events"]].map { try daemon.command($0).start() }
            let silent = try Descriptor.connect(to: daemon.socket)
            sleepBlocking(nanoseconds: 300_000_000)
            let launchers = try self.launchers(daemon)
            #expect(launchers.count == 1)
            #expect(try daemon.stop(signal) == 0)
            silent.close()
            // Neither the launcher nor a new one in its place.
            #expect(try self.launchers(daemon).isEmpty)
            let lines = daemon.log.split(separator: "\n").map(String.init)
            #expect(lines.filter { $0.contains(" error ") || $0.contains(" critical ") || $0.contains(" warning ") }.isEmpty, "\(daemon.log)")
            #expect(!daemon.log.contains("launcher") && lines.contains { $0.contains("stopping; jobs go on") }, "\(daemon.log)")
            try daemon.start()
            try Command(["touch", daemon.place("work/go")]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 0, "the job went on")
            for client in following {
                client.signal(9)
                _ = try client.finish()
            }
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        private func launchers(_ daemon: TestDaemon) throws -> [Int32] {
            try Descriptor.open("/proc", [.readOnly, .directory]).names().compactMap { Int32($0) }.filter { pid in
                let words = ((try? readTextFile("/proc/\(pid)/cmdline")) ?? "").split(separator: "\0")
                return words.count > 1 && words[1] == "launcher" && words.contains { $0.hasPrefix(daemon.runPlace.path) }
            }
        }
    }

    /// What `berthd` says of a database that it must not open.
    @Suite struct DatabaseRefusalTests {
        private func refusal(_ change: (TestDaemon) throws -> Void) throws -> (result: CommandResult, isUntouched: Bool, path: String) {
            // A small file, which is compared byte by byte.
            let daemon = try TestDaemon(configuration: "disk_reserve: 1M\n")
            try daemon.start()
            try daemon.stop()
            try change(daemon)
            let path = daemon.state + "/berth.db"
            let before = try readFile(path)
            let result = try Command([Programs.path("berthd"), "--config", daemon.configurationFile]).run(seconds: 30)
            let isUntouched = try readFile(path) == before
            for name in ["berth.db", "berth.db-wal", "berth.db-shm"] { try? Descriptor.open(daemon.state, [.path, .directory]).unlink(name) }
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
            return (result, isUntouched, path)
        }

        private func write(_ bytes: [UInt8], at offset: Int64, _ daemon: TestDaemon) throws {
            try Descriptor.open(daemon.state + "/berth.db", [.readWrite]).write(bytes, at: offset)
        }

        @Test func aDamagedDatabaseIsLeftAsItIsWithTheWayToRestore() throws {
            // The second page and those behind it: tables of the first schema.
            let (result, isUntouched, path) = try refusal { try write([UInt8](repeating: 0x5A, count: 4096), at: 4096, $0) }
            #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            #expect(result.errors.contains("\(path): damaged") && result.errors.contains("to restore:"), "\(result)")
            #expect(isUntouched)
        }

        @Test func aNewerSchemaIsRefused() throws {
            // The user version stands at 60 of the header (sqlite.org/fileformat2.html).
            let (result, isUntouched, _) = try refusal { try write([0, 0, 0, 99], at: 60, $0) }
            #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            #expect(result.errors.contains("schema version 99") && result.errors.contains("versions up to 1"), "\(result)")
            #expect(isUntouched)
        }
    }
}
