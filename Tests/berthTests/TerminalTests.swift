import API
import Glibc
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

/// The program on a terminal of its own.
@Suite struct TerminalTests {
    struct Terminal {
        let master: Descriptor
        let slave: Descriptor

        init() throws {
            (master, slave) = try Descriptor.pseudoTerminal()
            try master.setTerminalExtent(TerminalExtent(rows: 33, columns: 101))
        }

        /// Line-wise, echo and signals: what raw mode takes away.
        var localModes: tcflag_t {
            var settings = termios()
            tcgetattr(slave.rawValue, &settings)
            return settings.c_lflag & tcflag_t(ICANON | ECHO | ISIG)
        }

        func start(_ server: FakeServer, _ words: [String]) throws -> ProcessHandle {
            try Spawn(
                path: Program.path, arguments: ["berth"] + words, environment: ["BERTH_SOCKET": server.path, "TERM": "xterm"],
                descriptors: [0: slave, 1: slave, 2: slave]
            ).run()
        }

        func readUntil(_ text: String) throws -> String {
            var got = ""
            while !got.contains(text) { got += String(decoding: try master.read(upTo: 1024), as: UTF8.self) }
            return got
        }
    }

    @Test func keysGoRawAndTheTerminalIsGivenBack() throws {
        let terminal = try Terminal()
        let before = terminal.localModes
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            // Once the size is here, raw mode is on.
            daemon.waitFor { $0.contains(.resize(TerminalSize(rows: 33, columns: 101))) }
            try connection.stdout("ready", position: 5)
            daemon.waitFor { $0.contains(.input([3])) }
            daemon.waitFor { $0.contains(.resize(TerminalSize(rows: 20, columns: 70))) }
            try connection.stdout("smaller", position: 12)
            daemon.waitFor { $0.contains(.detach) }
            try connection.frame(.detached)
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["run", "-it", "sh"])
        _ = try terminal.readUntil("ready")
        #expect(terminal.localModes == 0)
        // ^C is a key like any other here.
        try terminal.master.write([3])
        try terminal.master.setTerminalExtent(TerminalExtent(rows: 20, columns: 70))
        // The kernel tells only those whose controlling terminal it is.
        try process.signal(SIGWINCH)
        _ = try terminal.readUntil("smaller")
        try terminal.master.write([0x10, 0x11])
        #expect(try process.wait()?.shellStatus == 0)
        #expect(terminal.localModes == before && before != 0)
        #expect(try terminal.readUntil("berth attach 12").contains("detached from 12"))
        let spec = try #require(try daemon.body(SubmitRequest.self, of: .submit)?.jobs.first?.spec)
        #expect(spec.terminal == TerminalSize(rows: 33, columns: 101) && spec.interactive == true)
    }

    @Test func theTerminalIsGivenBackWhenBerthFails() throws {
        let terminal = try Terminal()
        let before = terminal.localModes
        let daemon = FakeDaemon { daemon, connection, _ in
            daemon.waitFor { !$0.isEmpty }
            try connection.frame(.error(Array(#"{"version":1,"code":"internal","message":"it broke"}"#.utf8)))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["run", "-t", "sh"])
        #expect(try terminal.readUntil("it broke").contains("job 12"))
        #expect(try process.wait()?.shellStatus == 125)
        #expect(terminal.localModes == before)
    }

    @Test(arguments: [("n\n", Int32(1), 1), ("y\n", Int32(0), 2)])
    func cancelAsksBeforeManyJobs(_ answer: String, _ status: Int32, _ requests: Int) throws {
        let terminal = try Terminal()
        let daemon = FakeDaemon(other: { request in
            String(decoding: request.body, as: UTF8.self).contains("dryRun")
                ? (200, #"{"version":1,"done":["1-23"],"jobs":23,"tasks":23,"refused":[]}"#) : nil
        })
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["cancel", "1-500"])
        _ = try terminal.readUntil("cancel 23 jobs? [y/N] ")
        try terminal.master.write(answer)
        #expect(try process.wait()?.shellStatus == status)
        #expect(daemon.requests.count == requests)
    }

    @Test func fewJobsAreNotAskedAbout() throws {
        let terminal = try Terminal()
        let daemon = FakeDaemon()
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["cancel", "12,14-16"])
        #expect(try process.wait()?.shellStatus == 0)
        #expect(daemon.requests.count == 1)
    }

    private static func waitReply(_ running: Int, _ succeeded: Int) -> String {
        let counts = #"{"pending":0,"held":0,"running":\#(running),"paused":0,"succeeded":\#(succeeded),"failed":0,"cancelled":0}"#
        return #"{"version":1,"tasks":\#(running + succeeded),"remaining":\#(running),"counts":\#(counts)}"#
    }

    /// Answers of a job whose tasks end one after the other.
    private static func ending(tasks: Int) -> FakeDaemon {
        let asked = Box()
        return FakeDaemon(other: { _ in
            let done = asked.count.withLock {
                $0 += 1
                return min($0 - 1, tasks)
            }
            return (200, Self.waitReply(tasks - done, done))
        })
    }

    private final class Box: Sendable { let count = Mutex(0) }

    @Test func waitDrawsABarOfSeveralTasks() throws {
        let terminal = try Terminal()
        let server = try Self.ending(tasks: 2).serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["wait", "12"])
        let drawn = try terminal.readUntil("2/2 done")
        #expect(drawn.contains("\r12 ") && drawn.contains("0/2 done, 2 running") && drawn.contains("1/2 done, 1 running"))
        #expect(!drawn.split(separator: "2/2 done")[0].utf8.contains(10), "in one place")
        #expect(try process.wait()?.shellStatus == 0)
    }

    /// One that tells no size is taken for 80 columns; in a line that is too short only the numbers are drawn.
    @Test(arguments: [(UInt16(0), "\r12 "), (40, "\r2/2 done\u{1B}[K")])
    func waitsBarFitsTheTerminal(columns: UInt16, drawn: String) throws {
        let terminal = try Terminal()
        try terminal.master.setTerminalExtent(TerminalExtent(rows: 20, columns: columns))
        let server = try Self.ending(tasks: 2).serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["wait", "12"])
        let text = try terminal.readUntil("2/2 done\u{1B}[K")
        #expect(text.contains(drawn) && text.contains("█") == (columns == 0), "\(text.debugDescription)")
        #expect(try process.wait()?.shellStatus == 0)
    }

    @Test func waitDrawsNoneOfASingleTaskNorOffATerminal() throws {
        let terminal = try Terminal()
        let single = try Self.ending(tasks: 1).serve()
        let process = try terminal.start(single, ["wait", "12"])
        #expect(try process.wait()?.shellStatus == 0)
        single.stop()
        try terminal.master.setNonBlocking(true)
        #expect(throws: SystemError.self, "nothing was drawn") { try terminal.master.read(upTo: 1024) }

        let silent = try Self.ending(tasks: 2).serve()
        #expect(try Program(silent, ["wait", "12"]).end().error.isEmpty)
        silent.stop()
        let asked = try Self.ending(tasks: 2).serve()
        let lines = try Program(asked, ["wait", "--progress", "12"]).end().error.split(separator: "\n")
        asked.stop()
        #expect(lines.count == 3 && lines[0].hasSuffix("0/2 done, 2 running") && lines[2].hasSuffix("2/2 done") && !lines[0].contains("\u{1B}"))
    }

    @Test func watchDrawsBarsUntilInterrupted() throws {
        let terminal = try Terminal()
        let daemon = FakeDaemon(other: { _ in
            let counts = #"{"pending":95,"held":0,"running":1,"paused":0,"succeeded":4,"failed":0,"cancelled":0}"#
            let demand = #"{"cores":1,"cpuMillis":0,"memory":1,"swap":0,"pids":1,"scratch":0,"scratchKind":"disk","named":{}}"#
            let job =
                #"{"id":12,"owner":1,"ownerName":"ada","redacted":false,"queue":"default","priority":0,"demand":\#(demand),"#
                + #""timeLimit":1,"submittedAt":0,"isArray":true,"counts":\#(counts),"groups":[]}"#
            return (200, #"{"version":1,"now":0,"jobs":[\#(job)]}"#)
        })
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["list", "--watch"])
        let page = try terminal.readUntil("4/100 done, 1 running, 95 pending")
        #expect(page.contains("1 running, 0 paused, 95 pending") && page.contains("\u{1B}[H"))
        try process.signal(SIGINT)
        #expect(try process.wait()?.shellStatus == 0)
    }
}
