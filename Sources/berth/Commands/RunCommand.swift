import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Submit a job, stream its output and return its status.",
        discussion: """
            The id is printed on standard error. The first ^C goes to the job, a second within 2 seconds cancels it. With -t, all keys go to the
            job; Ctrl-P Ctrl-Q detaches. A job whose client is gone for 10 seconds is cancelled, unless it was detached.

            Examples:
              berth run -- make -j2 test
              berth run --cores 2 --memory 1G python3 fit.py data.csv
              berth run -it --image tools:1 bash
              sort big | berth run -i -- ./count
              berth run --detach -- ./server
            """)

    @Flag(name: [.customShort("i"), .long], help: "Send our standard input to the job.")
    var interactive = false

    @Flag(name: [.customShort("t"), .long], help: "Give the job a terminal; includes -i.")
    var terminal = false

    @Flag(help: "Submit only: print the id and return.")
    var detach = false

    @Option(name: .shortAndLong, help: "Take the job from a YAML file or a script.", completion: .file())
    var file: String?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
    var command: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Fields of the job") var spec: SpecOptions

    func run() throws {
        if terminal, !Descriptor.standardInput.isTerminal {
            throw CommandFailure(ExitRules.berth, "-t: standard input is no terminal; accepted without one is -i")
        }
        var jobs = try SubmitFile.jobs(file: file, flags: spec.flags(command: command))
        guard jobs.count == 1, jobs[0].spec.array == nil else {
            throw CommandFailure(ExitRules.berth, "run takes one job without an array; several are for: berth submit --wait")
        }
        let size = terminal ? Descriptor.standardInput.terminalExtent ?? TerminalExtent(rows: 24, columns: 80) : nil
        jobs[0].spec.terminal = size.map { TerminalSize(rows: $0.rows, columns: $0.columns) }
        jobs[0].spec.interactive = (interactive || terminal) ? true : nil
        let session = detach ? nil : RunSession(cancelWhenLost: true)
        let client = common.client
        let reply = try client.submit(SubmitRequest(jobs: jobs, requestKey: SubmitFile.newKey(), session: session))
        for warning in reply.warnings ?? [] { Console.note(Escaping.oneLine(warning)) }
        guard let job = reply.jobs.first else { throw ClientError.unexpected("no job in the reply to a submit") }
        if detach { return common.json ? try JSONOutput.write(reply) : Console.line("\(job.id)") }
        Console.note("job \(job.id)")
        throw CommandFailure(try stream(client, job.id, reply.session))
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
