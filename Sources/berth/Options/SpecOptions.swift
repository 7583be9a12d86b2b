import ArgumentParser
import JobSpecs

/// The fields of a job as flags; names, help and accepted texts come from the table of fields, so that they agree with YAML and directives.
struct SpecOptions: ParsableArguments {
    /// Fields that are true without a value.
    static let toggles: Set<String> = ["cwd", "hold", "api"]
    /// Options of `submit` and `run` that are also an alias of a field.
    static let ownNames: Set<String> = ["args"]

    @Option(name: .field("name"), help: .field("name"))
    var name: String?

    @Option(name: .field("image"), help: .field("image"))
    var image: String?

    @Option(name: .field("user"), help: .field("user"))
    var user: String?

    @Option(name: .field("export"), help: .field("export"))
    var export: String?

    @Option(name: .field("working_directory"), help: .field("working_directory"))
    var workingDirectory: String?

    @Option(name: .field("array"), help: .field("array"))
    var array: String?

    @Option(name: .field("batch"), help: .field("batch"))
    var batch: String?

    @Option(name: .field("queue"), help: .field("queue"))
    var queue: String?

    @Option(name: .field("priority"), help: .field("priority"))
    var priority: String?

    @Option(name: .field("begin"), help: .field("begin"))
    var begin: String?

    @Option(name: .field("retries"), help: .field("retries"))
    var retries: String?

    @Option(name: .field("rerun"), help: .field("rerun"))
    var rerun: String?

    @Option(name: .field("cores"), help: .field("cores"))
    var cores: String?

    @Option(name: .field("cpu"), help: .field("cpu"))
    var cpu: String?

    @Option(name: .field("memory"), help: .field("memory"))
    var memory: String?

    @Option(name: .field("memory_soft"), help: .field("memory_soft"))
    var memorySoft: String?

    @Option(name: .field("swap"), help: .field("swap"))
    var swap: String?

    @Option(name: .field("pids"), help: .field("pids"))
    var pids: String?

    @Option(name: .field("scratch"), help: .field("scratch"))
    var scratch: String?

    @Option(name: .field("scratch_kind"), help: .field("scratch_kind"))
    var scratchKind: String?

    @Option(name: .field("scratch_inodes"), help: .field("scratch_inodes"))
    var scratchInodes: String?

    @Option(name: .field("shm_size"), help: .field("shm_size"))
    var shmSize: String?

    @Option(name: .field("huge_pages"), parsing: .singleValue, help: .field("huge_pages"))
    var hugePages: [String] = []

    @Option(name: .field("network"), help: .field("network"))
    var network: String?

    @Option(name: .field("output"), help: .field("output"))
    var output: String?

    @Option(name: .field("error"), help: .field("error"))
    var error: String?

    @Option(name: .field("input"), help: .field("input"))
    var input: String?

    @Option(name: .field("time_limit"), help: .field("time_limit"))
    var timeLimit: String?

    @Option(name: .field("warning_signal"), help: .field("warning_signal"))
    var warningSignal: String?

    @Option(name: .field("memory_signal"), parsing: .singleValue, help: .field("memory_signal"))
    var memorySignal: [String] = []

    @Option(name: .field("stop_signal"), help: .field("stop_signal"))
    var stopSignal: String?

    @Option(name: .field("grace_period"), help: .field("grace_period"))
    var gracePeriod: String?

    @Option(name: .field("log_limit"), help: .field("log_limit"))
    var logLimit: String?

    @Option(name: .field("umask"), help: .field("umask"))
    var umask: String?

    @Option(name: .field("environment"), parsing: .singleValue, help: .field("environment"))
    var environment: [String] = []

    @Option(name: .field("dependencies"), parsing: .singleValue, help: .field("dependencies"))
    var dependencies: [String] = []

    @Option(name: .field("tags"), parsing: .singleValue, help: .field("tags"))
    var tags: [String] = []

    @Option(name: .field("io"), parsing: .singleValue, help: .field("io"))
    var io: [String] = []

    @Option(name: .field("resources"), parsing: .singleValue, help: .field("resources"))
    var resources: [String] = []

    @Option(name: .field("mounts"), parsing: .singleValue, help: .field("mounts"))
    var mounts: [String] = []

    @Option(name: .field("devices"), parsing: .singleValue, help: .field("devices"))
    var devices: [String] = []

    @Option(name: .field("rlimits"), parsing: .singleValue, help: .field("rlimits"))
    var rlimits: [String] = []

    @Option(name: .field("sysctls"), parsing: .singleValue, help: .field("sysctls"))
    var sysctls: [String] = []

    @Option(name: .field("capabilities"), parsing: .singleValue, help: .field("capabilities"))
    var capabilities: [String] = []

    @Option(name: .field("script"), help: .field("script"))
    var script: String?

    @Flag(inversion: .prefixedNo, help: .field("cwd"))
    var cwd: Bool?

    @Flag(inversion: .prefixedNo, help: .field("api"))
    var api: Bool?

    @Flag(name: .field("hold"), help: .field("hold"))
    var hold = false

    /// With the words of the command.
    func flags(command: [String]) -> SpecFlags {
        var flags = SpecFlags()
        flags.command = command
        flags.script = script
        flags.cwd = cwd
        flags.api = api
        flags.hold = hold ? true : nil
        flags.name = name
        flags.image = image
        flags.user = user
        flags.export = export
        flags.workingDirectory = workingDirectory
        flags.array = array
        flags.batch = batch
        flags.queue = queue
        flags.priority = priority
        flags.begin = begin
        flags.retries = retries
        flags.rerun = rerun
        flags.cores = cores
        flags.cpu = cpu
        flags.memory = memory
        flags.memorySoft = memorySoft
        flags.swap = swap
        flags.pids = pids
        flags.scratch = scratch
        flags.scratchKind = scratchKind
        flags.scratchInodes = scratchInodes
        flags.shmSize = shmSize
        flags.hugePages = hugePages
        flags.network = network
        flags.output = output
        flags.error = error
        flags.input = input
        flags.timeLimit = timeLimit
        flags.warningSignal = warningSignal
        flags.memorySignal = memorySignal
        flags.stopSignal = stopSignal
        flags.gracePeriod = gracePeriod
        flags.logLimit = logLimit
        flags.umask = umask
        flags.environment = environment
        flags.dependencies = dependencies
        flags.tags = tags
        flags.io = io
        flags.resources = resources
        flags.mounts = mounts
        flags.devices = devices
        flags.rlimits = rlimits
        flags.sysctls = sysctls
        flags.capabilities = capabilities
        return flags
    }
}

extension NameSpecification {
    /// The flag of a field and its short forms of one letter; other aliases are put into this form before.
    fileprivate static func field(_ name: String) -> NameSpecification {
        guard let field = JobField.named(name) else { return .long }
        // -t and -i mean the terminal and the input of `run`; `submit` takes them for fields before the parser sees them.
        let letters = field.aliases.filter { $0.count == 1 && !["t", "i"].contains($0) }.compactMap { $0.first }
        return NameSpecification([.customLong(String(field.flag.dropFirst(2)))] + letters.map { .customShort($0) })
    }
}

extension ArgumentHelp {
    fileprivate static func field(_ name: String) -> ArgumentHelp {
        guard let field = JobField.named(name) else { return ArgumentHelp(visibility: .hidden) }
        return ArgumentHelp("\(field.summary).", valueName: field.example.isEmpty ? nil : field.example)
    }
}
