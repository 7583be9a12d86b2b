import LinuxSys

extension TestDaemon {
    /// Submits and returns the id; throws what `berth` said when it was refused.
    public func submit(_ words: [String], as user: TestUser? = nil, in directory: String? = nil, input: String? = nil) throws -> String {
        let result = try berth(["submit", "--quiet"] + words, as: user, in: directory, input: input)
        guard result.status == 0 else { throw Failure(description: "\(result)") }
        return result.line
    }

    /// Submits a shell script.
    public func submit(script: String, _ words: [String] = [], as user: TestUser? = nil, in directory: String? = nil) throws -> String {
        try submit(words + (directory == nil ? ["--no-cwd"] : []) + ["--wrap", script], as: user, in: directory)
    }

    /// Submits a job that prints all the time, while a process of its waits for a file system that does not answer; returns once it does.
    public func submitWaiting(for stuck: StuckFileSystem, as user: TestUser? = nil) throws -> String {
        let script = "(while true; do echo tick; sleep 0.2; done) & cat /stuck/file; wait"
        let id = try submit(script: script, ["--mounts", "\(stuck.path):/stuck:ro"], as: user)
        _ = try self.await(id, "running")
        guard stuck.isWaitedFor(within: 20) else { throw Failure(description: "job \(id) does not wait for \(stuck.path)") }
        return id
    }

    /// Submits, waits for the end, and returns the log and the status.
    public func runToEnd(script: String, _ words: [String] = [], as user: TestUser? = nil, in directory: String? = nil) throws -> CommandResult {
        let id = try submit(script: script, words, as: user, in: directory)
        var result = try berth(["wait", id], as: user)
        let log = try berth(["logs", id], as: user)
        result.output = log.output
        result.errors += log.errors
        if result.status == 125 || log.status != 0 { result.errors += try berth(["show", id]).output }
        return result
    }

    /// What `show --json` says.
    public func show(_ id: String) throws -> JSONValue {
        let result = try berth(["show", "--json", id])
        guard result.status == 0, let value = JSONValue(result.output) else { throw Failure(description: "\(result)") }
        return value
    }

    /// The state of a job's first group of tasks, such as `running`.
    public func taskState(_ id: String) throws -> String { try show(id)["job"]["groups"][0]["state"].text ?? "?" }

    /// The outcome of a plain job's last attempt: its kind.
    public func outcome(_ id: String) throws -> JSONValue { try show(id)["attempts"][-1]["outcome"] }

    /// Waits until the job is in the state; the last seen one otherwise.
    @discardableResult
    public func await(_ id: String, _ wanted: String..., seconds: Double = 30) throws -> String {
        var last = "?"
        let found: String? = try TestSupport.poll(seconds: seconds) {
            last = try taskState(id)
            return wanted.contains(last) ? last : nil
        }
        guard let found else {
            throw Failure(description: "job \(id) is \(last), wanted \(wanted)\n\(try berth(["show", id]).output)\(log.suffix(1500))")
        }
        return found
    }

    /// Waits until the log holds the text.
    @discardableResult
    public func awaitLog(_ id: String, _ text: String, seconds: Double = 30) throws -> String {
        var last = ""
        let found: String? = try TestSupport.poll(seconds: seconds) {
            last = try berth(["logs", id]).output
            return last.contains(text) ? last : nil
        }
        guard let found else {
            throw Failure(description: "the log of \(id) has no '\(text)': \(last.suffix(500))\n\(try berth(["show", id]).output)")
        }
        return found
    }

    /// The process ids in a job's groups, as the host sees them.
    public func processes(of id: String) throws -> [Int32] {
        let group = (try? group(of: id)) ?? "\(groupParent)/\(id)-*"
        let found = try Command([
            "find", "/sys/fs/cgroup/", "-path", "*/\(group)/*", "-name", "cgroup.procs", "-exec", "cat", "{}", "+",
        ]).run()
        return Set(found.output.split(separator: "\n").compactMap { Int32($0) }).sorted()
    }

    /// The `cgroup.procs` of a group of a running job's own, by which a process of the host enters it.
    public func entry(of id: String) throws -> String {
        let attempt = try show(id)["attempts"][-1]
        guard let pid = attempt["pid"].number, let name = attempt["group"].text else { throw Failure(description: "job \(id) does not run") }
        let paths = try ProcessPlace.cgroupPaths(of: Int32(pid)).sorted { $0.key < $1.key }
        guard let own = paths.first(where: { $0.value.hasSuffix("\(groupParent)/\(name)") }) else {
            throw Failure(description: "PID 1 of job \(id) is in no group \(name): \(paths)")
        }
        var directory = own.key
        if own.key.isEmpty { directory = Programs.exists("/sys/fs/cgroup/unified") ? "unified" : "" }
        if own.key.hasPrefix("name=") { directory = String(own.key.dropFirst(5)) }
        return "/sys/fs/cgroup/\(directory)\(own.value)/cgroup.procs"
    }
}
