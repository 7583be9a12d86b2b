internal import JobModel

extension ReportTable {
    /// RFC 4180, with a header; times in seconds, sizes in bytes, empty where nothing was counted.
    public var csv: String {
        let titles = [
            "label", "user", "batch", "jobs", "attempts", "core_seconds", "cpu_user_seconds", "cpu_system_seconds", "cpu_partial",
            "throttled_seconds", "memory_peak_bytes", "read_bytes", "written_bytes", "io_partial", "wait_p50_seconds", "wait_p90_seconds",
            "wait_p99_seconds", "run_p50_seconds", "run_p90_seconds", "run_p99_seconds", "queued_seconds", "starting_seconds", "ran_seconds",
            "paused_seconds", "cpu_efficiency", "memory_efficiency", "memory_failures", "oom_kills", "swap_peak_bytes", "pids_peak",
            "read_operations", "write_operations", "minor_faults", "major_faults", "voluntary_switches", "involuntary_switches", "log_bytes",
            "outcomes",
        ]
        return ([titles] + rows.map(\.csvFields)).map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { "\",\r\n".contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }
}

extension ReportRow {
    fileprivate var csvFields: [String] {
        func number(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        func seconds(_ sum: ReportSum) -> String { number(sum.value.map { Double($0) / 1_000_000 }) }
        func seconds(_ span: TimeSpan?) -> String { number(span.map { Double($0.milliseconds) / 1000 }) }
        return [
            label, number(user), batch ?? "", "\(jobs)", "\(attempts)", "\(coreSeconds)", seconds(cpuUser), seconds(cpuSystem),
            "\(cpu.partial)", seconds(throttled), number(memoryPeak.value), number(readBytes.value), number(writtenBytes.value),
            "\(readBytes.partial || writtenBytes.partial)", seconds(queued?.p50), seconds(queued?.p90), seconds(queued?.p99),
            seconds(ran?.p50), seconds(ran?.p90), seconds(ran?.p99), seconds(queuedFor), seconds(startingFor), seconds(ranFor),
            seconds(pausedFor), number(cpuEfficiency), number(memoryEfficiency), number(counts.memoryFailures.value),
            number(counts.outOfMemoryKills.value), number(counts.swapPeak.value), number(counts.pidsPeak.value),
            number(counts.readOperations.value), number(counts.writeOperations.value), number(counts.minorFaults.value),
            number(counts.majorFaults.value), number(counts.voluntarySwitches.value), number(counts.involuntarySwitches.value),
            number(counts.logBytes.value), outcomeText,
        ]
    }
}

extension ReportRow {
    /// Such as `12 succeeded, 1 timedOut`, in the order of the contract.
    public var outcomeText: String {
        AttemptOutcome.Kind.allCases.compactMap { kind in outcomes[kind.rawValue].map { "\($0) \(kind.rawValue)" } }.joined(separator: ", ")
    }
}
