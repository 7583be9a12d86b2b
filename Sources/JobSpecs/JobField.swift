import JobModel

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

    /// Where the value goes in the JSON form: the field paths of `SpecError` that are this field's fault.
    let paths: [String]
    let shape: Shape
    let read: @Sendable (FieldValue, inout JobDraft) throws(DocumentError) -> Void

    enum Shape: Sendable {
        case value
        /// May be given several times as a flag or directive.
        case list
        /// True when given without a value; `no-` before the name says false.
        case toggle
    }

    init(
        _ name: String, _ aliases: [String] = [], paths: [String], shape: Shape = .value, example: String, accepted: String,
        _ summary: String,
        read: @escaping @Sendable (FieldValue, inout JobDraft) throws(DocumentError) -> Void
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.accepted = accepted
        self.example = example
        self.paths = paths
        self.shape = shape
        self.read = read
    }

    /// `--time-limit` for `time_limit`.
    public var flag: String { "--" + String(name.map { $0 == "_" ? "-" : $0 }) }

    /// Every field, in the order of the documentation.
    public static let all: [JobField] = programFields + queueFields + resourceFields + fileFields + timeFields + limitFields

    private static let byName: [String: Int] = {
        var result: [String: Int] = [:]
        for (index, field) in all.enumerated() {
            for name in [field.name] + field.aliases { result[name.count == 1 ? name : normalizedName(name)] = index }
        }
        return result
    }()

    /// By name or alias; case and separators do not count, but for short flags of one letter.
    public static func named(_ name: String) -> JobField? { byName[name.count == 1 ? name : normalizedName(name)].map { all[$0] } }

    /// The name of a field that is near to a mistyped one.
    static func nearest(_ word: String) -> String? {
        let names = all.flatMap { [$0.name] + $0.aliases.filter { $0.count > 2 } }
        // A name that was typed with other separators is compared without them.
        let typed = normalizedName(word)
        return NearestName.of(typed, in: names.map(normalizedName)).flatMap { named($0)?.name }
    }
}
