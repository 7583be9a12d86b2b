import JobSpecs

/// Reads the words of `submit` and `run` without the argument parser, whose reflection over sixty options takes longer than everything else
/// (a start and its id in 4 ms). It knows only words that are right: for anything else, help included, it gives nil, and the
/// argument parser says what is wrong. Words have gone through `ArgumentRewriter` before.
struct QuickParser {
    private(set) var flags = SpecFlags()
    private(set) var switches: Set<String> = []
    private(set) var values: [String: String] = [:]
    private(set) var leading: [String] = []

    init?(_ words: some Sequence<String>, switches known: [String: String], values valued: [String: String]) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            if word == "--" {
                flags.command = Array(rest)
                return
            }
            if word == "-" || !word.hasPrefix("-") {
                leading.append(word)
            } else if let name = known[word] {
                switches.insert(name)
            } else if let name = valued[word] {
                guard let value = rest.popFirst() else { return nil }
                values[name] = value
            } else if !takeLong(word, valued) {
                return nil
            }
        }
    }

    /// `--flag=value`, `--toggle`, `--no-toggle`.
    private mutating func takeLong(_ word: String, _ valued: [String: String]) -> Bool {
        guard word.hasPrefix("--") else { return false }
        guard let equals = word.firstIndex(of: "=") else {
            let name = String(word.dropFirst(2))
            if name.hasPrefix("no-") { return name != "no-hold" && flags.set(toggle: String(name.dropFirst(3)), false) }
            return flags.set(toggle: name, true)
        }
        let (name, value) = (String(word[..<equals]), String(word[word.index(after: equals)...]))
        if let own = valued[name] {
            values[own] = value
            return true
        }
        return flags.set(String(name.dropFirst(2)), value)
    }
}
