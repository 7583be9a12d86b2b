public import LinuxSys

/// One job's way through CRIU and back, with PID 1 inside the dump.
public final class RoundTrip: Sendable {
    public struct Failure: Error, CustomStringConvertible { public let description: String }

    /// Of Debian 13, or what scripts/criu makes: from the environment, or beside the built programs.
    public static let criu: String? = {
        let build = Programs.directory.map { ["\($0)/../criu/criu", "\($0)/../../criu/criu"] } ?? []
        return ([ProcessContext.variable("BERTH_CRIU")].compactMap { $0 } + build).first { Programs.exists($0) }
    }()

    public static var canRun: Bool { criu != nil && Programs.exists("/usr/bin/gcc") && Programs.canRun }

    /// Its images, facts and logs.
    public let directory: String
    private let tool: String
    private let program: String
    private let group: String
    private let run: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - directory: the round trip's own, in which only root writes; nobody else looks into it but by name.
    ///   - group: the attempt's group in the hierarchy that freezes.
    ///   - run: the attempt's run directory.
    ///   - owner: who owns the user namespace, where that is not root.
    public init(in directory: String, group: String, run: String, program: String, owner: UInt32 = 0) throws {
        self.directory = directory
        self.group = group
        self.run = run
        tool = "\(directory)/tool"
        try Self.compile(RoundTripTool.source, to: tool)
        var environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        // No breakpoints of the processor's: under emulation one in a hundred ends in a panic.
        if Programs.isEmulated { environment["CRIU_FAULT"] = "130" }
        let right = Capability(name: "CAP_SYS_RESOURCE")
        if owner != 0, let right, try !ProcessCapabilities.current().effective.contains(right) {
            let shim = "\(directory)/limits.so"
            try Self.compile(RoundTripTool.limitsShim, to: shim, ["-shared", "-nostdlib", "-fPIC", "-DSLOT=\(owner)"])
            environment["LIMITS_SHIM"] = shim
        }
        self.environment = environment
        self.program = program
        try Self.write(RoundTripScript.text, to: "\(directory)/checkpoint")
    }

    /// What the job is told: less to print where all of it is read slowly.
    public static let jobArguments = Programs.isEmulated ? ["100000000"] : []

    /// The job that goes through it.
    public static func makeJob(at path: String) throws { try compile(RoundTripTool.jobSource, to: path) }

    private static func write(_ text: String, to path: String) throws {
        let file = try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o600)
        try file.write(text)
    }

    private static func compile(_ source: String, to path: String, _ options: [String] = ["-static"]) throws {
        try write(source, to: path + ".c")
        let result = try Command(["/usr/bin/gcc", "-O1", "-w"] + options + ["-o", path, path + ".c"]).run()
        if result.status != 0 { throw Failure(description: "\(result)") }
        _ = try Command(["rm", path + ".c"]).run()
    }

    /// Begins the script; the process is to be waited for with `finish`.
    public func start(_ mode: String, monitor: Int32, criu: String? = nil, overlay: Descriptor? = nil) throws -> ProcessHandle {
        let log = try Descriptor.open("\(directory)/\(mode).out", [.writeOnly, .create, .truncate], mode: 0o600)
        var passed = [Int32(1): log, 2: log]
        if let overlay { passed[50] = overlay }
        // Mounts of its own, which go with it.
        let words = [
            "unshare", "-m", "--propagation", "private", "bash", "-x", "\(directory)/checkpoint", mode, criu ?? Self.criu ?? "", "\(monitor)", group,
            directory, program, tool, run,
        ]
        return try Spawn(path: "/usr/bin/unshare", arguments: words, environment: environment, descriptors: passed).run()
    }

    public func finish(_ process: ProcessHandle, _ mode: String) throws {
        let status = try process.wait()?.shellStatus
        if status != 0 { throw Failure(description: "\(mode) ended with \(status ?? -1): \(output(mode))") }
    }

    public func dump(monitor: Int32, criu: String? = nil) throws { try finish(start("dump", monitor: monitor, criu: criu), "dump") }

    /// The pid of the restored PID 1.
    public func restore(overlay: Descriptor) throws -> Int32 {
        try finish(start("restore", monitor: 0, overlay: overlay), "restore")
        return try restored()
    }

    public func restored() throws -> Int32 {
        Int32(try readTextFile("\(directory)/pid").split(whereSeparator: \.isWhitespace).first ?? "") ?? 0
    }

    public func output(_ mode: String) -> String { String(((try? readTextFile("\(directory)/\(mode).out")) ?? "").suffix(3000)) }

    /// `both`: waits until the job is in the dump; false when the script failed.
    public func isDumped(_ process: ProcessHandle) -> Bool {
        TestSupport.poll(seconds: 300) {
            if Programs.exists("\(directory)/is-dumped") { return true }
            return process.isAlive ? nil : false
        } ?? false
    }

    /// `both`: goes on with the restore.
    public func goOn() throws { try Self.write("", to: "\(directory)/go") }
}
