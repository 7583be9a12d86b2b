import API
import ArgumentParser
import Client
import JobModel
import JobSpecs

struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change fields of jobs that wait; limits, priority and name also while they run.",
        discussion: """
            Examples:
              berth update --time-limit 4h 12
              berth update --memory 8G --cores 2 12,14
              berth update --array-limit 20 12
              berth update --clear begin,dependencies 12
            """)

    @Argument(help: "Jobs and tasks: 12,14-16.")
    var ids: [String] = []

    @Option(help: "Jobs of this batch.")
    var ofBatch: String?

    @Option(help: "A new name.")
    var name: String?

    @Option(parsing: .unconditional, help: "Users may lower it, operators raise it.")
    var priority: String?

    @Option(name: [.long, .customLong("time"), .customShort("t")], help: "A new time limit.")
    var timeLimit: String?

    @Option(name: .shortAndLong, help: "Whole, exclusive cores.")
    var cores: String?

    @Option(help: "A quota on the shared pool.")
    var cpu: String?

    @Option(name: .shortAndLong, help: "The memory limit.")
    var memory: String?

    @Option(help: "Beyond memory.")
    var swap: String?

    @Option(help: "Space on the scratch disk.")
    var scratch: String?

    @Option(help: "How many tasks of an array may be active at once.")
    var arrayLimit: Int?

    @Option(help: "Not before this moment.")
    var begin: String?

    @Option(help: "Another queue.")
    var queue: String?

    @Option(help: "Another batch.")
    var batch: String?

    @Option(help: "How often a task is tried again.")
    var retries: String?

    @Option(help: "Between the stop signal and the kill.")
    var gracePeriod: String?

    @Option(help: ArgumentHelp("Take back to none: \(SpecChanges.Clearable.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "field,…"))
    var clear: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        var selection = Selection()
        if !ids.isEmpty { selection.ids = try SelectorText.list(ids) }
        selection.batch = ofBatch
        guard !selection.isEmpty else { throw CommandFailure.usage("no jobs named; accepted are \(TaskSelector.accepted), or --of-batch") }
        let (changes, job) = try changes()
        guard !changes.isEmpty else { throw CommandFailure.usage("nothing to change; see: berth update --help") }
        var reply: ActionReply
        do throws(ClientError) { reply = try common.client.update(UpdateRequest(selection, changes)) } catch {
            guard case .refused(let refusal) = error else { throw error }
            throw ClientError.refused(Self.written(refusal, job))
        }
        for index in reply.refused.indices { reply.refused[index].error = Self.written(reply.refused[index].error, job) }
        try ActionRunner(client: common.client, json: common.json, verb: "updated").finish(reply)
    }

    private static func written(_ refusal: APIError, _ job: FileJob) -> APIError {
        var named = SubmitFile.written(refusal, in: [job])
        // Not read by the table of fields.
        if refusal.field == "array.limit" { named.field = "--array-limit" }
        return named
    }

    /// Values are read by the table of fields, so that they mean the same as at submit.
    private func changes() throws -> (SpecChanges, FileJob) {
        var flags = SpecFlags()
        (flags.name, flags.priority, flags.timeLimit, flags.cores, flags.cpu) = (name, priority, timeLimit, cores, cpu)
        (flags.memory, flags.swap, flags.scratch, flags.begin, flags.queue) = (memory, swap, scratch, begin, queue)
        (flags.batch, flags.retries, flags.gracePeriod) = (batch, retries, gracePeriod)
        flags.command = ["true"]
        let job = try JobFile.read(.none, flags: flags, context: try SubmitFile.context()).jobs[0]
        let spec = job.spec
        var changes = SpecChanges()
        (changes.name, changes.priority, changes.timeLimit, changes.begin) = (spec.name, spec.priority, spec.timeLimit, spec.begin)
        (changes.cores, changes.cpuMillis) = (spec.resources.cores, spec.resources.cpuMillis)
        (changes.memory, changes.swap, changes.scratch) = (spec.resources.memory, spec.resources.swap, spec.resources.scratch)
        (changes.queue, changes.batch, changes.retries, changes.gracePeriod) = (spec.queue, spec.batch, spec.retries, spec.gracePeriod)
        changes.arrayLimit = arrayLimit
        changes.clear = try clear.map(Self.clearable)
        return (changes, job)
    }

    static func clearable(_ text: String) throws -> [SpecChanges.Clearable] {
        try text.split(separator: ",").map { word in
            let plain = word.filter { $0 != "-" && $0 != "_" }.lowercased()
            guard let field = SpecChanges.Clearable.allCases.first(where: { $0.rawValue.lowercased() == plain }) else {
                let accepted = SpecChanges.Clearable.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure.usage("--clear: found '\(word)', accepted are \(accepted)")
            }
            return field
        }
    }
}
