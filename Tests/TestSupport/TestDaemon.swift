public import LinuxSys
import Synchronization

/// A `berthd` on directories, a socket and a group parent of its own.
public final class TestDaemon: Sendable {
    public let place: TemporaryDirectory
    public let runPlace: TemporaryDirectory
    /// The name of the group below which all its groups lie.
    public let groupParent: String
    /// The first part of that name.
    public let groupTop: String
    private let process = Mutex<ProcessHandle?>(nil)
    private let guardian: Guardian

    /// The daemon of the test that runs, put there by the suite's trait.
    @TaskLocal public static var current: TestDaemon?

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        public init(description: String) { self.description = description }
    }

    public var configurationFile: String { place("etc/berthd.yaml") }
    public let state: String
    public let socket: String
    public var log: String { (try? readTextFile(place("log"))) ?? "" }
    public var pid: Int32 { process.withLock { $0?.pid ?? 0 } }
    public var isAlive: Bool { process.withLock { $0?.isAlive ?? false } }

    /// Makes the directories and the configuration; starts nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: keys beside those of `TestConfiguration`.
    ///   - whole: everything but the places, in their stead; `socketName` is then the configuration's affair too.
    ///   - groups: further parts of the group parent's name, such as `/jobs`.
    ///   - state: the state directory, instead of one in its place.
    public init(
        configuration: String = "", whole: ((TestDaemon) throws -> String)? = nil, socketName: String = "berthd.sock", groups: String = "",
        state: String? = nil
    ) throws {
        place = try TemporaryDirectory("e2e", mode: 0o755)
        runPlace = try TemporaryDirectory("e2e", in: "/run", mode: 0o755)
        socket = runPlace(socketName)
        self.state = state ?? place("state")
        groupTop = "berth-test-\(place.path.split(separator: "-").last ?? "x")"
        groupParent = groupTop + groups
        _ = (TestUser.first, TestUser.second, TestUser.operator_)
        guardian = try Guardian(place: place, runPlace: runPlace, groupParent: groupTop)
        // In a directory of its own: no job may bind from where the configuration lies.
        try place.directory("etc", mode: 0o755)
        try place.write("etc/berthd.yaml", try whole?(self) ?? (TestConfiguration.text(self) + configuration))
    }

    // MARK: Life

    /// Starts it and waits until it answers.
    ///
    /// - Parameters:
    ///   - wrapper: a program with its arguments that executes what follows them, such as `env` or `unshare`.
    ///   - programs: the directory of its programs, instead of the built ones.
    public func start(wrapper: [String] = [], programs: String? = nil) throws {
        let handle = try launch(wrapper: wrapper, programs: programs)
        let up: Bool? = try TestSupport.poll(seconds: 60) {
            if try self.berth(["node"], in: "/").status == 0 { return true }
            return handle.isAlive ? nil : false
        }
        guard up == true else { throw Failure(description: "berthd did not start: \(self.log.suffix(2000))") }
    }

    /// Starts it and waits for nothing.
    @discardableResult
    public func launch(wrapper: [String] = [], programs: String? = nil) throws -> ProcessHandle {
        let log = try Descriptor.open(place("log"), [.writeOnly, .create, .append], mode: 0o644)
        let words = wrapper + [programs.map { "\($0)/berthd" } ?? Programs.path("berthd"), "--config", configurationFile]
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SWIFT_BACKTRACE": "enable=no"]
        let handle = try Spawn(path: words[0], arguments: words, environment: variables, descriptors: [1: log, 2: log], newSession: true).run()
        process.withLock { $0 = handle }
        return handle
    }

    /// Sends it a signal.
    public func signal(_ number: Int32) throws { try process.withLock { $0 }?.signal(number) }

    /// kill −9, as a crash.
    public func kill() throws {
        guard let handle = process.withLock({ $0 }) else { return }
        try handle.signal(9)
        _ = try handle.wait()
        process.withLock { $0 = nil }
    }

    /// Asks it to end; its status, nil when it had to be killed.
    @discardableResult
    public func stop(_ signal: Int32 = 15) throws -> Int32? {
        guard let handle = process.withLock({ $0 }) else { return 0 }
        try? handle.signal(signal)
        let ended = try handle.waitUntilEnded(milliseconds: 30_000)
        if !ended { try handle.signal(9) }
        let end = try handle.wait()
        process.withLock { $0 = nil }
        return ended ? end?.shellStatus : nil
    }

    public func restart() throws {
        try kill()
        try start()
    }

    // MARK: Commands

    /// Runs `berth` against it.
    @discardableResult
    public func berth(
        _ words: [String], as user: TestUser? = nil, in directory: String? = nil, input: String? = nil, seconds: Int32 = 90,
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try command(words, as: user, in: directory, input: input, environment: environment).run(seconds: seconds)
    }

    /// The same with the words as one text, split at blanks.
    @discardableResult
    public func berth(
        _ words: String, as user: TestUser? = nil, in directory: String? = nil, input: String? = nil, seconds: Int32 = 90
    ) throws -> CommandResult {
        try berth(words.split(separator: " ").map(String.init), as: user, in: directory, input: input, seconds: seconds)
    }

    public func command(
        _ words: [String], as user: TestUser? = nil, in directory: String? = nil, input: String? = nil, environment: [String: String] = [:]
    ) -> Command {
        Command(
            [Programs.path("berth")] + words, as: user, in: directory ?? place("work"), input: input,
            environment: environment.merging(["BERTH_SOCKET": socket]) { own, _ in own })
    }

    /// Imports the test image under the configuration's default name, and makes the shared directory of submits.
    public func prepare() throws {
        try place.directory("work", mode: 0o1777)
        let tar = try TestImage.busybox(in: place)
        let result = try berth(["image", "import", tar, "busybox"])
        guard result.status == 0 else { throw Failure(description: "\(result)\(log.suffix(2000))") }
    }

    // MARK: The end

    /// Ends every job, then the daemon, removes its files, and says what is left of it anywhere.
    ///
    /// - Parameter disk: what its state lies on.
    public func end(unmounting disk: SmallDisk? = nil) throws -> [String] {
        var findings: [String] = []
        if !isAlive { try start() }
        let living = try berth("list --quiet").output.split(separator: "\n").map(String.init)
        if !living.isEmpty {
            try berth(["cancel", "--yes", "--now"] + living)
            let waited = try berth(["wait", "--timeout", "30s"] + living)
            if waited.status == 124 { findings.append("jobs that cannot be ended: \(living)") }
        }
        // Clean-up after the last end is in the background.
        findings += TestSupport.poll(seconds: 10) { Leftovers.ofAttempts(self).isEmpty ? [] : nil } ?? Leftovers.ofAttempts(self)
        if try stop() == nil { findings.append("berthd did not end within 30 s of its signal") }
        try disk?.unmount()
        findings += TestSupport.poll(seconds: 10) { Leftovers.ofDaemon(self).isEmpty ? [] : nil } ?? Leftovers.ofDaemon(self)
        place.remove()
        runPlace.remove()
        guardian.dismiss()
        if Programs.exists(place.path) { findings.append("files: \(place) cannot be removed") }
        return findings
    }
}
