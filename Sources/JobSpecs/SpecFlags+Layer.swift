import JobModel

extension SpecFlags {
    /// Every flag by the field it stands for; the test of the table fails when a field has none.
    var texts: [(field: String, values: [String])] {
        func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
        func toggle(_ value: Bool?) -> [String] { value.map { [$0 ? "true" : "false"] } ?? [] }
        return [
            ("name", one(name)), ("image", one(image)), ("script", one(script)), ("user", one(user)), ("environment", environment),
            ("export", one(export)), ("working_directory", one(workingDirectory)), ("cwd", toggle(cwd)), ("array", one(array)),
            ("batch", one(batch)), ("queue", one(queue)), ("priority", one(priority)), ("dependencies", dependencies),
            ("begin", one(begin)),
            ("retries", one(retries)), ("rerun", one(rerun)), ("hold", toggle(hold)), ("tags", tags), ("api", toggle(api)),
            ("cores", one(cores)), ("cpu", one(cpu)), ("memory", one(memory)), ("memory_soft", one(memorySoft)), ("swap", one(swap)),
            ("pids", one(pids)), ("io", io),
            ("resources", resources), ("scratch", one(scratch)), ("scratch_kind", one(scratchKind)), ("scratch_inodes", one(scratchInodes)),
            ("shm_size", one(shmSize)), ("huge_pages", hugePages), ("mounts", mounts), ("devices", devices), ("network", one(network)),
            ("output", one(output)), ("error", one(error)), ("input", one(input)), ("time_limit", one(timeLimit)),
            ("warning_signal", one(warningSignal)), ("memory_signal", memorySignal), ("stop_signal", one(stopSignal)),
            ("grace_period", one(gracePeriod)),
            ("log_limit", one(logLimit)), ("rlimits", rlimits), ("sysctls", sysctls), ("capabilities", capabilities), ("umask", one(umask)),
        ]
    }

    func layer() throws(DocumentError) -> SpecLayer {
        var layer = SpecLayer(file: nil)
        for (name, values) in texts where !values.isEmpty {
            guard let field = JobField.named(name) else { continue }
            let scalars = values.map { DocumentNode(.scalar($0), line: nil) }
            let node = scalars.count == 1 ? scalars[0] : DocumentNode(.list(scalars), line: nil)
            try layer.add(SpecLayer.Entry(field: field, label: field.flag, node: node), line: nil)
        }
        if !command.isEmpty, let field = JobField.named("command") {
            let words = DocumentNode(.list(command.map { DocumentNode(.scalar($0), line: nil) }), line: nil)
            try layer.add(SpecLayer.Entry(field: field, label: "command", node: words), line: nil)
        }
        return layer
    }
}
