/// One field of a job as people write it; the same in YAML, directives and flags.
public struct JobField: Sendable {
    /// As in YAML, such as `time_limit`; the flag is `--time-limit`.
    public let name: String
    /// What users of Slurm and Docker type for it; single letters are short flags.
    public let aliases: [String]
    /// One line of help.
    public let summary: String
    /// What a value may be, as error messages say it.
    public let accepted: String
    /// A value as typed after the flag.
    public let example: String

    /// `--time-limit` for `time_limit`.
    public var flag: String { "--" + name.map { $0 == "_" ? "-" : $0 } }
}
