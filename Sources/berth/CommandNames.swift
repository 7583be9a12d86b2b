import ArgumentParser
import JobModel
import JobSpecs

/// Looks at the names of commands before the argument parser, which calls a mistyped one an unexpected argument, and `help` of one a success.
enum CommandNames {
    /// Refuses a command that there is not, with the nearest that there is.
    static func check(_ arguments: [String]) throws {
        let isHelp = arguments.first == "help"
        try check(isHelp ? arguments.dropFirst() : arguments[...], of: Berth.self, path: "")
    }

    private static func check(_ words: ArraySlice<String>, of parent: any ParsableCommand.Type, path: String) throws {
        guard let word = words.first, !word.hasPrefix("-") else { return }
        let children = parent.configuration.subcommands
        guard !children.isEmpty else { return }
        guard let child = children.first(where: { names(of: $0).contains(word) }) else {
            let all = children.flatMap(names)
            let near = path.isEmpty ? habits[word] ?? NearestName.of(word, in: all) : NearestName.of(word, in: all)
            let hint = near.map { "; the nearest is '\(path)\($0)'" } ?? ""
            throw CommandFailure.usage(
                "no command '\(path)\(word)'\(hint); all are listed by: berth help\(path.isEmpty ? "" : " " + path.dropLast())")
        }
        try check(words.dropFirst(), of: child, path: "\(path)\(word) ")
    }

    /// What users of Slurm and Docker type first.
    private static let habits = [
        "sbatch": "submit", "srun": "run", "squeue": "list", "scancel": "cancel", "scontrol": "show", "sacct": "report", "sinfo": "node",
        "ps": "list", "kill": "signal", "stop": "cancel", "rm": "purge", "gcore": "inspect", "pstack": "inspect",
        "images": "image list", "import": "image import",
        "unpause": "resume", "stats": "top", "htop": "top", "info": "node",
    ]

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command.configuration.commandName].compactMap { $0 } + command.configuration.aliases
    }
}

/// The flags of `update`: aliases become flags, and a field that cannot change any more is refused as that.
enum UpdateWords {
    /// Fields of a job that can change after its submit.
    static let fields = [
        "name", "priority", "time_limit", "cores", "cpu", "memory", "swap", "scratch", "begin", "queue", "batch", "retries", "grace_period",
    ]
    private static let ours = ["array-limit", "of-batch", "clear", "socket", "json", "help", "version"]

    static func rewrite(_ arguments: [String]) throws -> [String] {
        guard arguments.first == "update" else { return arguments }
        return try arguments.map { word in
            guard word.hasPrefix("--"), word != "--" else { return word }
            let name = word.dropFirst(2).prefix { $0 != "=" }
            guard !ours.contains(String(name)), let field = JobField.named(String(name)), name.count > 1 else { return word }
            guard fields.contains(field.name) else {
                let accepted = fields.compactMap { JobField.named($0)?.flag }.joined(separator: ", ")
                throw CommandFailure.usage("\(field.flag): cannot change after the submit, accepted are \(accepted), --array-limit and --clear")
            }
            return field.flag + word.dropFirst(2 + name.count)
        }
    }
}
