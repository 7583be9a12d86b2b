import JobModel

extension JobField {
    /// How long, and how it ends.
    static let timeFields: [JobField] = [
        JobField(
            "time_limit", ["time", "timeout", "walltime", "t"], paths: ["timeLimit"], example: "2h30m",
            accepted: TimeSpan.accepted + ", 1s to 3650d", "How long the job may run; frozen time does not count"
        ) { value, draft throws(DocumentError) in draft.spec.timeLimit = try value.time() },
        JobField(
            "warning_signal", ["signal", "warning"], paths: ["warning.signal", "warning.before", "warning"], example: "USR1@300s",
            accepted: "SIGNAL@TIME before the time limit, such as USR1@300s, or signal and before",
            "A signal that warns the job before its time is up",
            read: readWarning),
        JobField(
            "memory_signal", ["memory_signals", "mem_signal"], paths: ["memorySignals"], shape: .list, example: "USR1@90%",
            accepted: "SIGNAL@SHARE of the memory limit, such as USR1@90%, or signal and at",
            "A signal whenever the memory in use comes to a share of the limit", read: readMemorySignals),
        JobField(
            "stop_signal", paths: ["stopSignal"], example: "INT", accepted: SignalName.accepted,
            "The signal that asks the job to end; by default the image's, else TERM"
        ) { value, draft throws(DocumentError) in draft.spec.stopSignal = try signal(value) },
        JobField(
            "grace_period", ["grace", "stop_grace_period", "stop_timeout"], paths: ["gracePeriod"], example: "30s",
            accepted: TimeSpan.accepted + ", at most 1d", "The time between the stop signal and the kill"
        ) { value, draft throws(DocumentError) in draft.spec.gracePeriod = try value.time() },
        JobField(
            "log_limit", paths: ["logLimit"], example: "100M", accepted: Bytes.accepted + ", 64K to 1T",
            "How much output the log keeps: the beginning and the end"
        ) { value, draft throws(DocumentError) in draft.spec.logLimit = try value.bytes() },
    ]

    private static func signal(_ value: FieldValue) throws(DocumentError) -> String {
        SignalName.text(try value.with(value.node, label: value.label, accepted: SignalName.accepted).parsed { SignalName.number($0) })
    }

    private static func readMemorySignals(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var signals: [MemorySignal] = []
        for item in value.items() { signals += try memorySignals(item) }
        draft.spec.memorySignals = signals
    }

    private static func memorySignals(_ value: FieldValue) throws(DocumentError) -> [MemorySignal] {
        if case .map = value.node.content, let members = try value.members(["signal": [], "at": ["percent"]]) {
            guard let name = members["signal"], let share = members["at"] else { throw value.refused(found: "one of signal and at") }
            let percent = try share.with(share.node, label: share.label, accepted: "1% to 100%").parsed(percent)
            return [MemorySignal(signal: try signal(name), percent: percent)]
        }
        let texts = try value.text().split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        var signals: [MemorySignal] = []
        for text in texts {
            let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let number = SignalName.number(parts[0]), let share = percent(parts[1]) else { throw value.refused() }
            signals.append(MemorySignal(signal: SignalName.text(number), percent: share))
        }
        return signals
    }

    /// `90%`, or the number alone.
    private static func percent(_ text: String) -> Int? { Int(text.hasSuffix("%") ? String(text.dropLast()) : text) }

    private static func readWarning(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        if case .map = value.node.content, let members = try value.members(["signal": [], "before": ["time"]]) {
            guard let name = members["signal"], let before = members["before"] else {
                throw value.refused(found: "one of signal and before")
            }
            let time = try before.with(before.node, label: before.label, accepted: TimeSpan.accepted).time()
            draft.spec.warning = WarningSignal(signal: try signal(name), before: time)
            return
        }
        draft.spec.warning = try value.parsed { text in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let number = SignalName.number(parts[0]), let before = TimeSpan(text: parts[1]) else { return nil }
            return WarningSignal(signal: SignalName.text(number), before: before)
        }
    }
}
