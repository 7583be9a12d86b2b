import API
import Client
import JobModel
import JobSpecs
import LinuxSys

/// What `berth run` was asked to do.
struct RunForm: Hashable {
    var file: String?
    /// With the words of the command.
    var flags = SpecFlags()
    var interactive = false
    var terminal = false
    var detach = false
    var json = false
    var socketPath = ConnectionOptions.defaultPath

    init() {}

    /// Nil where the argument parser has to look: see `QuickParser`.
    init?(quick words: some Sequence<String>) {
        let switches = [
            "-i": "i", "--interactive": "i", "-t": "t", "--terminal": "t", "-it": "it", "-ti": "it", "--detach": "detach", "--json": "json",
        ]
        let values = ["--socket": "socket", "--file": "file", "-f": "file"]
        guard let parsed = QuickParser(words, switches: switches, values: values), parsed.leading.isEmpty else { return nil }
        file = parsed.values["file"]
        flags = parsed.flags
        interactive = !parsed.switches.isDisjoint(with: ["i", "it"])
        terminal = !parsed.switches.isDisjoint(with: ["t", "it"])
        detach = parsed.switches.contains("detach")
        json = parsed.switches.contains("json")
        if let path = parsed.values["socket"] { socketPath = path }
    }

    /// Ends with the job's status.
    func run() throws {
        let client = BerthClient(socketPath: socketPath)
        let jobs = try SubmitFile.read(file: file, flags: flags)
        let reply = try SubmitFile.submit(try request(jobs), of: jobs, client)
        for warning in reply.warnings ?? [] { Console.note(Escaping.oneLine(warning)) }
        guard let job = reply.jobs.first else { throw ClientError.unexpected("no job in the reply to a submit") }
        if detach { return json ? try JSONOutput.write(reply) : Console.line("\(job.id)") }
        Console.note("job \(job.id)")
        throw CommandFailure(try stream(client, job.id, reply.session))
    }

    private func request(_ file: JobFile) throws -> SubmitRequest {
        if terminal, !Descriptor.standardInput.isTerminal {
            throw CommandFailure(
                ExitRules.berth, "-t: standard input is no terminal; accepted without one is -i (a time limit is --time-limit, not -t)")
        }
        // sbatch's -t is a time.
        if terminal, let word = flags.command.first, word.first?.isNumber == true, TimeSpan(text: word) != nil {
            throw CommandFailure(
                ExitRules.berth, "-t: gives the job a terminal, so '\(word)' would be its command; a time limit is --time-limit \(word)")
        }
        var jobs = try SubmitFile.submitted(file)
        guard jobs.count == 1, jobs[0].spec.array == nil else {
            throw CommandFailure(ExitRules.berth, "run takes one job without an array; several are for: berth submit --wait")
        }
        let size = terminal ? Descriptor.standardInput.terminalExtent ?? TerminalExtent(rows: 24, columns: 80) : nil
        jobs[0].spec.terminal = size.map { TerminalSize(rows: $0.rows, columns: $0.columns) }
        jobs[0].spec.interactive = (interactive || terminal) ? true : nil
        return SubmitRequest(jobs: jobs, requestKey: SubmitFile.newKey(), session: detach ? nil : RunSession(cancelWhenLost: true))
    }

    private func stream(_ client: BerthClient, _ job: JobID, _ session: SessionID?) throws -> Int32 {
        let loop = try SessionLoop(
            client, .init(kind: .run, task: TaskID(job), forwardsInput: interactive || terminal, terminal: terminal, cancelWhenLost: true))
        if let session { return try loop.run(session) }
        // A repeated submit has no session of its own.
        var request = SessionRequest(.run, task: TaskID(job))
        request.cancelWhenLost = true
        return try loop.run(try client.createSession(request).session)
    }
}
