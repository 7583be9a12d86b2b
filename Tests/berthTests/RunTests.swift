import API
import Dispatch
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@Suite struct RunTests {
    @Test func outputAndStatusAreTheJobs() throws {
        let daemon = FakeDaemon { _, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            try connection.stdout("out\n", position: 4)
            try connection.frame(.stderr(LogChunk(position: 8, at: WallTime(milliseconds: 0), bytes: Array("err\n".utf8))))
            try connection.frame(.exit(status: 3, outcome: "failed(3)"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let ended = try Program(server, ["run", "--memory", "1G", "sh", "-c", "exit 3"]).end()
        #expect(ended.status == 3)
        #expect(ended.output == "out\n")
        #expect(ended.error == "berth: job 12\nerr\n")
        let submit = try #require(try daemon.body(SubmitRequest.self, of: .submit))
        #expect(submit.jobs.first?.spec.command == ["sh", "-c", "exit 3"])
        #expect(submit.jobs.first?.spec.resources.memory == .gibibytes(1))
        #expect(submit.session == RunSession(cancelWhenLost: true))
        #expect(submit.requestKey?.value.count == 32)
        #expect(submit.jobs.first?.spec.interactive == nil)
    }

    @Test func inputGoesUpWithinItsWindow() throws {
        let most = Atomic<Int>(0)
        let total = 1_500_000
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            var taken = 0
            while taken < total {
                daemon.waitFor { Self.count($0) > taken }
                let got = Self.count(daemon.frames)
                _ = most.max(got - taken, ordering: .relaxed)
                taken = got
                try connection.frame(.taken(UInt64(taken)))
            }
            daemon.waitFor { $0.contains(.eof) }
            try connection.frame(.exit(status: 0, outcome: "succeeded"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let bytes = (0..<total).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = try Descriptor.memoryFile("input")
        try file.write(bytes)
        try file.seek(to: 0)
        let ended = try Program(server, ["run", "-i", "cat"], input: file).end()
        #expect(ended.status == 0)
        let got = daemon.frames.flatMap { frame in if case .input(let bytes) = frame { bytes } else { [UInt8]() } }
        #expect(got == bytes)
        #expect(most.load(ordering: .relaxed) <= APILimit.inputWindow)
        #expect(try daemon.body(SubmitRequest.self, of: .submit)?.jobs.first?.spec.interactive == true)
    }

    private static func count(_ frames: [Frame]) -> Int {
        frames.reduce(0) { sum, frame in if case .input(let bytes) = frame { sum + bytes.count } else { sum } }
    }

    @Test func theFirstInterruptGoesToTheJob() throws {
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            try connection.stdout("ready\n", position: 6)
            daemon.waitFor { $0.contains(.signal(2)) }
            try connection.frame(.exit(status: 130, outcome: "killed(INT)"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let program = try Program(server, ["run", "sleep", "100"])
        try program.waitForOutput("ready\n")
        try program.process.signal(2)
        #expect(try program.end().status == 130)
        #expect(!daemon.requests.contains { $0.target == Route.cancel.path() })
    }

    @Test func aSecondInterruptCancels() throws {
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            try connection.stdout("ready\n", position: 6)
            daemon.waitFor { $0.contains(.signal(2)) }
            // The job does not care; only now the second is sent.
            try connection.stdout("again\n", position: 12)
            daemon.waitForRequest(.cancel)
            try connection.frame(.exit(status: 143, outcome: "cancelled"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let program = try Program(server, ["run", "sleep", "100"])
        try program.waitForOutput("ready\n")
        try program.process.signal(2)
        try program.waitForOutput("again\n")
        try program.process.signal(2)
        let ended = try program.end()
        #expect(ended.status == 143)
        #expect(ended.error.contains("cancelling 12") && ended.error.contains("12 ended as cancelled"))
        #expect(try daemon.body(ActionRequest.self, of: .cancel)?.selection.ids == [TaskSelector(JobID(12))])
    }

    /// Before the start there is nobody to get a signal: `run` cancels its job and ends with it.
    @Test(arguments: [1, 2, 3, 15] as [Int32])
    func aSignalBeforeTheStartCancels(number: Int32) throws {
        let begun = DispatchSemaphore(value: 0)
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1))
            begun.signal()
            daemon.waitForRequest(.cancel)
            try connection.frame(.exit(status: 143, outcome: "cancelled"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let program = try Program(server, ["run", "--begin", "now+1h", "true"])
        begun.wait()
        try program.process.signal(number)
        let ended = try program.end()
        #expect(ended.status == 143 && ended.error.contains("cancelling 12"), "\(ended)")
        #expect(try daemon.body(ActionRequest.self, of: .cancel)?.selection.ids == [TaskSelector(JobID(12))])
    }

    /// A job that is somebody's own stays; one that waits for its next attempt is one that waits.
    @Test(arguments: [1, 2, 3, 15] as [Int32], [false, true])
    func attachLeavesAJobThatWaits(number: Int32, isRetry: Bool) throws {
        let begun = DispatchSemaphore(value: 0)
        let daemon = FakeDaemon { daemon, connection, _ in
            try connection.frame(.hello(version: 1))
            // Its output and that it waits again come together.
            let output = LogChunk(position: 6, at: WallTime(milliseconds: 0), bytes: Array("tried\n".utf8))
            if isRetry { try connection.frame(.started("12#1"), .stdout(output), .status(Array("{}".utf8))) }
            begun.signal()
            // Until it has left.
            _ = try connection.readHead()
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let program = try Program(server, ["attach", "--no-input", "12"])
        begun.wait()
        if isRetry { try program.waitForOutput("tried\n") }
        try program.process.signal(number)
        let ended = try program.end()
        #expect(ended.status == 128 + number && ended.error.contains("left 12"), "\(ended)")
        #expect(!daemon.requests.contains { $0.target == Route.cancel.path() })
    }

    @Test func aDaemonThatComesBackIsTakenUpWhereItWas() throws {
        let daemon = FakeDaemon { _, connection, number in
            try connection.frame(.hello(version: 1), .started("12#1"))
            if number == 0 { return try connection.stdout("one\n", position: 4) }
            try connection.stdout("two\n", position: 8)
            try connection.frame(.exit(status: 0, outcome: "succeeded"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let ended = try Program(server, ["run", "x"]).end()
        #expect(ended.status == 0)
        #expect(ended.output == "one\ntwo\n")
        let request = try #require(try daemon.body(SessionRequest.self, of: .sessionCreate))
        #expect(request.kind == .run && request.position == 4 && request.cancelWhenLost == true && request.task == TaskID(JobID(12)))
    }

    @Test func refusalsOfBerthAre125() throws {
        let daemon = FakeDaemon(other: { _ in
            (422, #"{"version":1,"code":"invalid","message":"found 99, accepted 1 to 2","field":"resources.cores"}"#)
        })
        let server = try daemon.serve()
        defer { server.stop() }
        let ended = try Program(server, ["run", "--cores", "99", "x"]).end()
        #expect(ended.status == 125)
        #expect(ended.error == "berth: --cores: found 99, accepted 1 to 2\n")
        #expect(try Program(server, ["submit", "--cores", "99", "--", "x"]).end().status == 1)
        #expect(try Program(server, ["submit", "--coers", "99", "--", "x"]).end().status == 2)
    }

    @Test func detachedRunsOnlyPrintTheirId() throws {
        let daemon = FakeDaemon()
        let server = try daemon.serve()
        defer { server.stop() }
        let ended = try Program(server, ["run", "--detach", "x"]).end()
        #expect(ended.status == 0 && ended.output == "12\n" && ended.error == "")
        #expect(try daemon.body(SubmitRequest.self, of: .submit)?.session == nil)
    }
}
