import Glibc
import LinuxSys

/// Runs workers one after the other and keeps the inputs that they died over.
struct Supervisor {
    let seed: UInt64
    /// Where findings are written.
    let directory: String

    /// True when the worker ended well.
    func run(_ target: FuzzTarget, _ words: [String], seed: UInt64, within seconds: Double) throws -> Bool {
        let file = try Descriptor.memoryFile("fuzz")
        try file.truncate(to: Int64(SharedInput.size))
        let page = try SharedInput(descriptor: file.rawValue)
        let program = try readLink("/proc/self/exe")
        let work = "\(ProcessContext.variable("TMPDIR") ?? "/tmp")/berth-fuzz-\(ProcessContext.processID)"
        try? Descriptor.workingDirectory.makeDirectory(work, mode: 0o700)
        defer { remove(work) }
        let environment = ["SWIFT_BACKTRACE": "enable=no", "PATH": "/usr/bin:/bin", "BERTH_FUZZ_PLACE": work]
        let handle = try Spawn(
            path: program, arguments: [program, "worker", target.name, "--seed", "\(seed)"] + words, environment: environment,
            descriptors: [1: Descriptor(borrowing: 1), 2: Descriptor(borrowing: 2), 3: file]
        ).run()
        // Each input has its own deadline; this is for a worker that hangs between two.
        if try !handle.waitUntilEnded(milliseconds: Int32(seconds * 1000) + 300_000) { try handle.signal(9) }
        let end = try handle.wait()
        guard end != .exited(0) else { return true }
        try keep(page.stored.input, "\(target.name): seed \(seed), input \(page.stored.round)", target, end)
        return false
    }

    private func keep(_ input: [UInt8], _ what: String, _ target: FuzzTarget, _ end: ProcessEnd?) throws {
        let how =
            switch end {
            case .exited(Worker.found): "broke a rule"
            case .exited(let code): "ended with \(code)"
            case .killed(SIGPROF, _), .killed(SIGALRM, _): "took too long"
            case .killed(let signal, _): "died of signal \(signal)"
            case nil: "was lost"
            }
        try? Descriptor.workingDirectory.makeDirectory(directory, mode: 0o755)
        let path = "\(directory)/\(target.name)-\(String(input.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }, radix: 16))"
        try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644).write(input)
        say("FINDING \(what): the reader \(how); the input is in \(path)")
        let shown = input.prefix(2000).map { byte in
            (32..<127).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        say("  \(shown.joined())\(input.count > 2000 ? " …" : "")")
    }

    private func remove(_ path: String) {
        guard let slash = path.lastIndex(of: "/"), let parent = try? Descriptor.open(String(path[..<slash]), [.readOnly, .directory]) else { return }
        _ = try? removeTree(at: parent, String(path[path.index(after: slash)...]))
    }
}
