extension JobSpec {
    /// Checks every range and relation of the JSON form by field path, such as `mounts[2].target`. Pure; knows neither queue nor machine.
    public func validate() throws(SpecError) {
        try validateNames()
        try validateProgram()
        try validateArray()
        try resources.validate("resources")
        try validateDevices()
        try validateMounts()
        try SpecCheck.environment(environment, "environment")
        try validateFiles()
        try validateTimes()
        try validateRetries()
        try validateDependencies()
        try validateLimits()
        try validateInteraction()
    }

    private func validateNames() throws(SpecError) {
        try SpecCheck.line(name, atMost: SpecBounds.nameBytes, "name")
        if let image, !ImageName.isValid(image) { throw SpecCheck.refuse("image", DocumentText.quoted(image), ImageName.accepted) }
        try SpecCheck.identifier(batch, "batch")
        try SpecCheck.identifier(queue, "queue")
        let tags = tags ?? []
        try SpecCheck.count(tags.count, atMost: SpecBounds.tags, "tags", "tags")
        for (index, tag) in tags.enumerated() { try SpecCheck.line(tag, atMost: SpecBounds.identifierBytes, "tags[\(index)]") }
        try SpecCheck.unique(tags, { "tags[\($0)]" }, DocumentText.quoted)
        try SpecCheck.user(user, "user")
    }

    /// A script, a command, or an image that may bring its own entry point.
    private func validateProgram() throws(SpecError) {
        if let script {
            try SpecCheck.noNul(script, atMost: SpecBounds.script, "script")
            if script.isEmpty { throw SpecCheck.refuse("script", "an empty text", "the text of a script") }
        } else if command == nil, image == nil {
            throw SpecCheck.refuse("command", "neither command nor script", "one of them, or an image with an entry point")
        }
        let words = command ?? []
        if let command, command.isEmpty, script == nil { throw SpecCheck.refuse("command", "an empty list", "a program and its arguments") }
        try SpecCheck.words(words, isProgram: script == nil, "command")
        try SpecCheck.text(script: script, words, environment, script == nil ? "command" : "script")
    }

    private func validateArray() throws(SpecError) {
        guard let array else { return }
        let count = array.indices.count
        guard count > 0 else { throw SpecCheck.refuse("array.indices", "no index", IntervalSet.accepted) }
        try SpecCheck.count(count, atMost: SpecBounds.arrayTasks, "array.indices", "tasks")
        try SpecCheck.count(array.indices.ranges.count, atMost: SpecBounds.arrayRanges, "array.indices", "separate ranges")
        if let last = array.indices.last, last >= 4_000_000_000 {
            throw SpecCheck.refuse("array.indices", "\(last)", "indices below 4000000000")
        }
        try SpecCheck.range(array.limit, 1...SpecBounds.arrayTasks, "array.limit")
    }

    private func validateRetries() throws(SpecError) {
        guard let retries else { return }
        try SpecCheck.range(retries.count, SpecBounds.retries, "retries.count")
        try SpecCheck.range(retries.backoff, SpecBounds.backoff, "retries.backoff")
        for (index, outcome) in retries.outcomes.enumerated() where !SpecBounds.retriable.contains(outcome) {
            let accepted = SpecBounds.retriable.map(\.rawValue).joined(separator: ", ")
            throw SpecCheck.refuse("retries.outcomes[\(index)]", "'\(outcome.rawValue)'", accepted)
        }
        try SpecCheck.unique(retries.outcomes, { "retries.outcomes[\($0)]" }, \.rawValue)
    }

    private func validateDependencies() throws(SpecError) {
        let dependencies = dependencies ?? []
        try SpecCheck.count(dependencies.count, atMost: SpecBounds.dependencies, "dependencies", "dependencies")
        for (index, dependency) in dependencies.enumerated() {
            guard dependency.job.value > 0 else { throw SpecCheck.refuse("dependencies[\(index)].job", "0", "the id of a job") }
            guard dependency.kind == .aftercorr else { continue }
            if array == nil {
                throw SpecCheck.refuse("dependencies[\(index)].kind", "aftercorr of a job that is no array", "aftercorr of an array")
            }
            if dependency.index != nil {
                throw SpecCheck.refuse("dependencies[\(index)].index", "an index", "a whole array with aftercorr")
            }
        }
        try SpecCheck.unique(dependencies, { "dependencies[\($0)]" }) { "\($0.kind.rawValue):\(TaskID($0.job, $0.index))" }
    }

    private func validateInteraction() throws(SpecError) {
        if api == true, batch == nil { throw SpecCheck.refuse("api", "true without a batch", "true in a job of a batch") }
        try SpecCheck.terminal(terminal, "terminal")
        guard terminal != nil || interactive == true else { return }
        let field = terminal == nil ? "interactive" : "terminal"
        if array != nil { throw SpecCheck.refuse(field, "an array", "a job of one task") }
        if input != nil { throw SpecCheck.refuse("input", "a file for a job that takes a client's input", "one of the two") }
    }
}
