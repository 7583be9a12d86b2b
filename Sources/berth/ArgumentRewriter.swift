import JobSpecs

/// Brings what people type after `submit`, `run` and `exec` into the form that the parser reads: aliases of job fields become their flags,
/// `-c4` becomes `--cores 4`, and the words of a command are put behind `--`, so that their own flags are not taken for ours.
struct ArgumentRewriter {
    /// Our options of that command that take a value, and those short ones that do not.
    private struct Rules {
        /// Positional words before the command begins: `submit FILE`, `exec TASK`.
        var leading: Int
        var hasFields: Bool
        var valued: Set<String>
        /// Shorts of ours that win over those of fields: `-t` of `run` is a terminal.
        var shortFlags: Set<Character>
    }

    private static let common: Set<String> = ["--socket"]
    private static let rules: [String: Rules] = [
        "submit": Rules(leading: 1, hasFields: true, valued: common, shortFlags: []),
        "run": Rules(leading: 0, hasFields: true, valued: common.union(["--file", "-f"]), shortFlags: ["i", "t"]),
        "exec": Rules(
            leading: 1, hasFields: false, valued: common.union(["--env", "-e", "--user", "-u", "--workdir", "-w"]), shortFlags: ["i", "t"]),
    ]

    static func rewrite(_ arguments: [String]) -> [String] {
        guard let name = arguments.first, let rules = rules[name] else { return arguments }
        return [name] + Self(rules: rules).rewrite(Array(arguments.dropFirst()))
    }

    private let rules: Rules

    private func rewrite(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var positional = 0
        var at = 0
        while at < arguments.count {
            let word = arguments[at]
            if word == "--" { return result + arguments[at...] }
            if word == "-" || !word.hasPrefix("-") {
                if positional == rules.leading { return result + ["--"] + arguments[at...] }
                positional += 1
                result.append(word)
                at += 1
                continue
            }
            // As with Slurm, all that follows a script is the script's; a YAML file takes no arguments.
            if rules.leading > 0, positional == rules.leading, !isYAML(result.last { !$0.hasPrefix("-") }) {
                return result + ["--"] + arguments[at...]
            }
            let (words, takesNext) = option(word)
            result += words
            at += 1
            if takesNext, at < arguments.count {
                // `--flag=value` also carries values that begin with a dash, such as a negative priority.
                result[result.count - 1] += words.last?.hasPrefix("--") == true ? "=" + arguments[at] : ""
                if words.last?.hasPrefix("--") != true { result.append(arguments[at]) }
                at += 1
            }
        }
        return result
    }

    private func isYAML(_ file: String?) -> Bool { [".yaml", ".yml"].contains { file?.hasSuffix($0) ?? false } }

    /// The option as the parser knows it, and whether its value is the next word.
    private func option(_ word: String) -> ([String], takesNext: Bool) {
        word.hasPrefix("--") ? longOption(word) : shortOption(word)
    }

    private func longOption(_ word: String) -> ([String], takesNext: Bool) {
        let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let attached = sides.count == 2 ? "=" + sides[1] : ""
        let name = String(sides[0].dropFirst(2))
        if rules.valued.contains("--" + name) { return ([word], attached.isEmpty) }
        guard rules.hasFields else { return ([word], false) }
        if name.hasPrefix("no-"), let field = JobField.named(String(name.dropFirst(3))), SpecOptions.toggles.contains(field.name) {
            return (["--no-" + field.flag.dropFirst(2) + attached], false)
        }
        // Words that are options of ours as well as aliases of fields stay ours.
        guard !SpecOptions.ownNames.contains(name), let field = JobField.named(name) else { return ([word], false) }
        return ([field.flag + attached], attached.isEmpty && !SpecOptions.toggles.contains(field.name))
    }

    private func shortOption(_ word: String) -> ([String], takesNext: Bool) {
        guard let letter = word.dropFirst().first else { return ([word], false) }
        let rest = word.dropFirst(2)
        if rules.shortFlags.contains(letter) { return ([word], false) }
        if rules.valued.contains("-\(letter)") {
            return rest.isEmpty ? ([word], true) : (["-\(letter)", String(rest.first == "=" ? rest.dropFirst() : rest)], false)
        }
        guard rules.hasFields, let field = JobField.named(String(letter)) else { return ([word], false) }
        if SpecOptions.toggles.contains(field.name) { return rest.isEmpty ? ([field.flag], false) : ([word], false) }
        return rest.isEmpty ? ([field.flag], true) : (["\(field.flag)=\(rest.first == "=" ? rest.dropFirst() : rest)"], false)
    }
}
