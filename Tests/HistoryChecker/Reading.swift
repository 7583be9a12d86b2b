import LinuxSys
public import TestSupport

extension History {
    /// Reads the journals in a directory.
    public mutating func readJournals(in directory: String) throws {
        for name in try Descriptor.open(directory, [.readOnly, .directory]).names() where name.hasPrefix("journal-") {
            guard let task = TaskName(name.dropFirst("journal-".count)) else { continue }
            let text = try readTextFile("\(directory)/\(name)", limit: 64 << 20)
            guard let journal = Journal(text: text) else { throw TestDaemon.Failure(description: "\(name) is no journal: \(text.suffix(300))") }
            journals[task] = journal
        }
    }

    /// Reads what the daemon says of each job now, and its events.
    public mutating func readRecords(of daemon: TestDaemon) throws {
        records = try daemon.berth("list --all --quiet").output.split(separator: "\n").map { id in
            if let record = JobRecord(try daemon.show(String(id))) { return record }
            throw TestDaemon.Failure(description: "show \(id) is of an unknown form")
        }
        let offset = Int64(wallNanoseconds()) - Int64(bootNanoseconds())
        assignments = [:]
        toldEnds = [:]
        for line in try daemon.berth("events --json --no-follow --after 0").output.split(separator: "\n") {
            let event = JSONValue(String(line))?["event"]
            guard let event, let name = event["attempt"].text.flatMap({ AttemptName($0) }) else { continue }
            switch event["kind"].text {
            case "assigned": assignments[name] = UInt64(max(0, Int64(event["at"].number ?? 0) * 1_000_000 - offset))
            case "finished": toldEnds[name, default: 0] += 1
            default: break
            }
        }
    }
}

extension JobRecord {
    /// What `show --json` prints.
    public init?(_ detail: JSONValue) {
        let summary = detail["job"]
        guard let job = summary["id"].number else { return nil }
        self.init(job: job, name: summary["name"].text ?? "")
        for group in summary["groups"].list {
            guard let state = group["state"].text else { return nil }
            if let list = group["indices"].text {
                for index in Journal.members(list) ?? [] { states[TaskName(job: job, index: index)] = state }
            } else {
                states[TaskName(job: job)] = state
            }
        }
        attempts = detail["attempts"].list.compactMap { attempt in
            guard let name = attempt["id"].text.flatMap({ AttemptName($0) }) else { return nil }
            let (outcome, usage) = (attempt["outcome"], attempt["usage"])
            var record = AttemptRecord(name, outcome: outcome["kind"].text ?? "unfinished")
            record.code = outcome["code"].number
            record.signal = outcome["signal"].text
            record.operation = outcome["operation"].text
            if let user = usage["cpuUserMicroseconds"].number, let system = usage["cpuSystemMicroseconds"].number {
                record.cpuMicroseconds = UInt64(user + system)
            }
            return record
        }
    }
}

extension Sighting.Kind {
    /// What a look at a job by `show --json` shows.
    public static func look(_ detail: JSONValue) -> Sighting.Kind? {
        guard let record = JobRecord(detail) else { return nil }
        let own = detail["holds"].list.compactMap { $0["hold"]["kind"].text.flatMap(HoldSeen.Kind.init).map { HoldSeen($0) } }
        let batch = detail["batchHolds"].list.compactMap { $0["kind"].text.flatMap(HoldSeen.Kind.init).map { HoldSeen($0, isOfBatch: true) } }
        return .look(
            job: record.job, holds: Set(own + batch), paused: Set(record.states.filter { $0.value == "paused" }.keys),
            ended: record.states.filter { Checker.finalStates.contains($0.value) })
    }
}
