import API
import Client
import JobModel
import JobSpecs

/// What `berth submit` was asked to do.
struct SubmitForm: Hashable {
    var file: String?
    /// With the words of the command.
    var flags = SpecFlags()
    var quiet = false
    var wait = false
    var dryRun = false
    var json = false
    var socketPath = ConnectionOptions.defaultPath

    init() {}

    /// Nil where the argument parser has to look: see `QuickParser`.
    init?(quick words: some Sequence<String>) {
        let switches = ["--quiet": "quiet", "--wait": "wait", "--dry-run": "dryRun", "--json": "json"]
        guard let parsed = QuickParser(words, switches: switches, values: ["--socket": "socket"]), parsed.leading.count <= 1 else { return nil }
        file = parsed.leading.first
        flags = parsed.flags
        quiet = parsed.switches.contains("quiet")
        wait = parsed.switches.contains("wait")
        dryRun = parsed.switches.contains("dryRun")
        json = parsed.switches.contains("json")
        if let path = parsed.values["socket"] { socketPath = path }
    }

    func run() throws {
        let jobs = try SubmitFile.read(file: file, flags: flags)
        var request = SubmitRequest(jobs: try SubmitFile.submitted(jobs), requestKey: SubmitFile.newKey())
        request.dryRun = dryRun ? true : nil
        let client = BerthClient(socketPath: socketPath)
        let reply = try SubmitFile.submit(request, of: jobs, client)
        for warning in reply.warnings ?? [] { Console.note(Escaping.oneLine(warning)) }
        try print(reply)
        guard wait, !dryRun else { return }
        try Waiter(client: client, selection: Selection(reply.jobs.map { TaskSelector($0.id) })).finish()
    }

    private func print(_ reply: SubmitReply) throws {
        if json { return try JSONOutput.write(reply) }
        if dryRun { return quiet ? () : Console.line("accepted: nothing was submitted") }
        for job in reply.jobs { Console.line(quiet ? "\(job.id)" : "submitted \(job.id)\(job.array ? " (\(job.tasks) tasks)" : "")") }
    }
}
