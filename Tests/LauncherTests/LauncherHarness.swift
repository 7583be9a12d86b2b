import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// A launcher of its own on a run root of its own, driven as the daemon does it.
final class LauncherHarness {
    static let slot: UInt32 = 1_879_048_192
    let directory: String
    let process: ProcessHandle
    private let socket: Descriptor
    private var started: [ProcessHandle] = []

    init() throws {
        directory = try #require(mkdtemp(strdup("/tmp/berth-launcher-XXXXXX")).map { String(cString: $0) })
        try Descriptor.workingDirectory.makeDirectory(directory + "/run", mode: 0o700)
        (process, socket) = try Self.start(runRoot: directory + "/run")
    }

    /// The built binary: from the environment, or beside the test bundle.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["BERTH_INIT"] { return path }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("berth-init").path
    }()

    static func start(runRoot: String) throws -> (ProcessHandle, Descriptor) {
        let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
        let spawn = Spawn(path: binary, arguments: [binary, "launcher", runRoot], descriptors: [3: theirs], newSession: true)
        let process = try spawn.run()
        theirs.close()
        let answer = try #require(try Answers(ours).next())
        #expect(answer.answer == .ready(version: LaunchProgram.version))
        return (process, ours)
    }

    /// Ends everything that was started and removes the files.
    func stop() {
        for process in started { try? process.signal(SIGKILL) }
        for process in started { _ = try? process.waitUntilEnded(milliseconds: 10_000) }
        closeSocket()
        _ = try? process.wait()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func closeSocket() { socket.close() }

    // MARK: Requests

    func send(_ request: LauncherRequest, program: [UInt8]? = nil, table: [Descriptor] = []) throws -> Answers {
        let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
        var passed = [theirs]
        if let program {
            let file = try Descriptor.memoryFile("program")
            try file.write(program)
            passed.append(file)
        }
        _ = try socket.send(request.encoded(), descriptors: passed + table)
        theirs.close()
        return Answers(ours)
    }

    /// Starts a program and waits until it runs or failed.
    func start(_ program: LaunchProgram, table: [Descriptor]) throws -> StartedJob {
        let answers = try send(.start, program: program.encoded(), table: table)
        let job = StartedJob(harness: self, name: program.runDirectory.string)
        job.answers = answers
        while job.running == nil, job.failure == nil, let (answer, descriptors) = try answers.next() {
            switch answer {
            case .started(let pid, _):
                job.monitor = ProcessHandle(pid: pid, descriptor: try #require(descriptors.first))
                started.append(try #require(job.monitor))
            case .running(let time, let pid):
                job.running = (time, pid)
                job.terminal = descriptors.first
            case .failed(let failure): job.failure = failure
            case .helping: break
            default: Issue.record("unexpected \(answer)")
            }
        }
        return job
    }

    /// Clones a PID 1 ahead and waits until it is prepared; nil when that failed.
    func prepare(_ program: SpareProgram, table: [Descriptor]) throws -> ProcessHandle? {
        let answers = try send(.prepare, program: program.encoded(), table: table)
        var spare: ProcessHandle?
        while let (answer, descriptors) = try answers.next() {
            switch answer {
            case .started(let pid, _):
                spare = ProcessHandle(pid: pid, descriptor: try #require(descriptors.first))
                started.append(try #require(spare))
            case .prepared: return spare
            case .failed: return nil
            default: Issue.record("unexpected \(answer)")
            }
        }
        return nil
    }

    /// Makes a v2 group with its child `job`, which PID 1 may clone into after it took its ids.
    func makeGroup(_ path: String) throws {
        for part in ["", "/job"] {
            try Descriptor.workingDirectory.makeDirectory(path + part, mode: 0o755)
            chown(path + part + "/cgroup.procs", Self.slot, Self.slot)
        }
    }

    func readRunFile(_ job: String, _ file: ByteString) throws -> [UInt8] {
        try readFile("\(directory)/run/\(job)/\(file.string)")
    }
}

/// The answers to one request.
struct Answers {
    let socket: Descriptor

    init(_ socket: Descriptor) { self.socket = socket }

    /// The next answer; nil at the end.
    func next() throws -> (answer: LauncherAnswer, descriptors: [Descriptor])? {
        let readiness = try poll(socket, for: .readable, milliseconds: 20_000)
        guard !readiness.isEmpty else {
            Issue.record("no answer within 20 s")
            return nil
        }
        let message = try socket.receive()
        guard !message.bytes.isEmpty else { return nil }
        return (try LauncherAnswer(decoding: message.bytes), message.descriptors)
    }
}

/// A job that was started.
final class StartedJob {
    let harness: LauncherHarness
    let name: String
    var monitor: ProcessHandle?
    var running: (time: UInt64, pid: Int32)?
    var failure: LaunchFailure?
    var terminal: Descriptor?
    /// What PID 1 still answers.
    var answers: Answers?

    init(harness: LauncherHarness, name: String) {
        self.harness = harness
        self.name = name
    }

    /// Waits for PID 1's end and reads the record.
    func record() throws -> ExitRecord {
        let monitor = try #require(monitor)
        #expect(try monitor.waitUntilEnded(milliseconds: 30_000))
        return try ExitRecord(decoding: try harness.readRunFile(name, RunFile.record))
    }

    /// All that is in the log now.
    func log() throws -> [LogItem] {
        let file = try Descriptor.open("\(harness.directory)/run/\(name)/\(RunFile.log.string)")
        var reader = LogReader(file: file.rawValue)
        var items: [LogItem] = []
        while true {
            let more = try reader.read()
            if more.isEmpty { break }
            items += more
        }
        withExtendedLifetime(file) {}
        return items
    }

    func text(_ stream: LogStream = .output) throws -> String {
        var bytes: [UInt8] = []
        for case .frame(let frame) in try log() where frame.stream == stream { bytes += frame.bytes }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until the output holds a text.
    func waitFor(_ text: String) throws {
        for _ in 0..<2000 {
            if try self.text().contains(text) { return }
            usleep(10_000)
        }
        Issue.record("no \(text) in the output: \(try self.text())")
    }

    func control(_ message: ControlMessage) throws {
        let fifo = try Descriptor.open("\(harness.directory)/run/\(name)/control", [.writeOnly, .nonBlocking])
        try fifo.write(message.encoded())
    }

    /// What a further process in the job prints.
    func execute(_ command: [String]) throws -> String {
        let (reading, writing) = try Descriptor.pipe()
        var program = ExecProgram(
            monitor: DescriptorIndex(0),
            streams: .descriptors(input: DescriptorIndex(1), output: DescriptorIndex(2), error: DescriptorIndex(2)),
            streamOwner: Identity(user: 0, group: 0),
            command: JobCommand(arguments: command.map { ByteString($0) }, environment: ["PATH=/bin"]))
        program.jobOperations = ProgramBuilder.operations(Identity(user: 0, group: 0))
        let table = [try #require(monitor).descriptor, try Descriptor.open("/dev/null"), writing]
        let answers = try harness.send(.execute, program: program.encoded(), table: table)
        writing.close()
        let text = try reading.readText()
        while let (answer, _) = try answers.next() { if case .failed(let failure) = answer { Issue.record("\(failure)") } }
        return text
    }
}
