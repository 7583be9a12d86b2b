public import LinuxSys

/// What a command printed and ended with.
public struct CommandResult: Sendable, CustomStringConvertible {
    /// As a shell gives it: the exit code, or 128 + signal.
    public var status: Int32
    public var output: String
    public var errors: String
    /// The words that were run.
    public var words: [String]
    public var description: String { "\(words.joined(separator: " ")) → \(status)\n\(output)\(errors)" }

    public var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    /// Output without its line end.
    public var line: String { output.hasSuffix("\n") ? String(output.dropLast()) : output }
    /// Lines of standard error.
    public var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// A command of a test: run to its end, or in the background.
public struct Command: Sendable {
    public var words: [String]
    public var environment: [String: String]
    public var directory: String?
    public var input: String?
    public var user: TestUser?

    public init(_ words: [String], as user: TestUser? = nil, in directory: String? = nil, input: String? = nil, environment: [String: String] = [:]) {
        self.words = words
        self.user = user
        self.directory = directory
        self.input = input
        self.environment = environment
    }

    /// With the words that change user and directory before its own.
    private var wrapped: [String] {
        var result: [String] = []
        if let user { result += ["/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--reset-env"] }
        var inner = environment
        inner["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        result += ["/usr/bin/env", "--chdir=\(directory ?? "/")"]
        result += inner.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return result + words
    }

    /// Starts it with its output in files that nobody else sees.
    public func start() throws(SystemError) -> RunningCommand {
        let files = try (0..<3).map { number throws(SystemError) in try Descriptor.memoryFile("test-\(number)") }
        if let input {
            try files[0].write(input)
            try files[0].seek(to: 0)
        }
        let all = wrapped
        // Reopened: the readers keep a place of their own in the file.
        let spawn = Spawn(
            path: all[0], arguments: all, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
            descriptors: [0: files[0], 1: files[1], 2: files[2]], newSession: true)
        return RunningCommand(handle: try spawn.run(), files: files, words: words)
    }

    /// Runs it to its end; one that takes longer than the deadline is killed, which its status tells (137).
    @discardableResult
    public func run(seconds: Int32 = 60) throws(SystemError) -> CommandResult { try start().finish(seconds: seconds) }
}

/// A command that runs.
public final class RunningCommand: Sendable {
    public let handle: ProcessHandle
    private let files: [Descriptor]
    private let words: [String]

    init(handle: ProcessHandle, files: [Descriptor], words: [String]) {
        self.handle = handle
        self.files = files
        self.words = words
    }

    /// What it printed so far.
    public var output: String { text(1) }
    public var errors: String { text(2) }

    private func text(_ number: Int) -> String {
        let size = (try? files[number].status().size) ?? 0
        return String(decoding: (try? files[number].read(upTo: Int(size), at: 0)) ?? [], as: UTF8.self)
    }

    public func signal(_ number: Int32) { try? handle.signal(number) }

    /// Waits for its end; kills it at the deadline.
    public func finish(seconds: Int32 = 60) throws(SystemError) -> CommandResult {
        if try !handle.waitUntilEnded(milliseconds: seconds * 1000) { try? handle.signal(9) }
        let end = try handle.wait()
        return CommandResult(status: end?.shellStatus ?? -1, output: output, errors: errors, words: words)
    }
}
