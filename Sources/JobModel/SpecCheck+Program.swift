/// What a job's program and one that is started beside it (`exec`) have in common. Each takes the path of the field.
extension SpecCheck {
    /// - Parameter isProgram: the first word is run, rather than passed to a script.
    package static func words(_ words: [String], isProgram: Bool = true, _ field: String) throws(SpecError) {
        try count(words.count, atMost: SpecBounds.arguments, field, "words")
        for (index, word) in words.enumerated() { try noNul(word, atMost: SpecBounds.argument, "\(field)[\(index)]") }
        if isProgram, words.first == "" { throw refuse("\(field)[0]", "an empty word", "the name of a program") }
    }

    package static func environment(_ environment: [String: String]?, _ field: String) throws(SpecError) {
        let environment = environment ?? [:]
        try count(environment.count, atMost: SpecBounds.variables, field, "variables")
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard EnvironmentName.isValid(name) else {
                throw refuse(field, "the name \(DocumentText.quoted(name))", EnvironmentName.accepted)
            }
            if SpecBounds.reservedVariables.contains(name) {
                throw refuse(field, "the name \(DocumentText.quoted(name))", "names that Berth does not set itself")
            }
            try noNul(value, atMost: Bytes(SpecBounds.argument.count - UInt64(name.utf8.count) - 2), "\(field).\(name)")
        }
    }

    /// All that is passed to the program; `field` is the one to blame.
    package static func text(
        script: String? = nil, _ words: [String], _ environment: [String: String]?, _ field: String
    ) throws(SpecError) {
        let variables = (environment ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        let total = (script?.utf8.count ?? 0) + words.reduce(0) { $0 + $1.utf8.count } + variables
        guard total > SpecBounds.text.count else { return }
        throw refuse(field, "\(total) bytes in script, command and environment", "at most \(SpecBounds.text.count) bytes in all")
    }

    package static func user(_ user: JobUser?, _ field: String) throws(SpecError) {
        guard case .id(let number, let group) = user, number >= 65_536 || group ?? 0 >= 65_536 else { return }
        throw refuse(field, "\(JobUser.id(number, group: group))", JobUser.accepted)
    }

    package static func terminal(_ size: TerminalSize?, _ field: String) throws(SpecError) {
        guard let size, size.rows == 0 || size.columns == 0 else { return }
        throw refuse(field, "\(size.rows) x \(size.columns)", "at least one row and one column")
    }
}
