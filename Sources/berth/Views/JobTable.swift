import API
import JobModel

/// `berth list`: a line for each group of tasks that stand alike.
struct JobTable {
    var reply: ListReply
    var style: Style
    var width: Int?

    func render() -> String {
        guard !reply.jobs.isEmpty else { return "" }
        var table = Table([
            .init("JOB", shrinksTo: 12), .init("NAME", shrinksTo: 8, optional: true), .init("USER", shrinksTo: 6),
            .init("BATCH", shrinksTo: 6, optional: true), .init("QUEUE", shrinksTo: 6, optional: true), .init("STATE"),
            .init("TASKS", right: true, optional: true),
            .init("CORES", right: true), .init("MEMORY", right: true), .init("TIME", right: true), .init("LEFT", right: true),
            .init("WHERE / WHY", shrinksTo: 16),
        ])
        for job in reply.jobs { for group in job.groups { table.add(row(job, group)) } }
        return table.render(width: width, style: style)
    }

    private func row(_ job: JobSummary, _ group: TaskGroup) -> [Table.Cell] {
        [
            .init(Self.id(job, group)), .init(Escaping.oneLine(job.name ?? "")), .init(Escaping.oneLine(job.ownerName)),
            .init(Escaping.oneLine(job.batch ?? "")), .init(job.queue == "default" ? "" : Escaping.oneLine(job.queue)),
            .init(StateText.word(group), StateText.colour(group.state)), .init(group.count > 1 ? "\(group.count)" : ""),
            .init(Self.cores(job.demand)), .init(job.demand.memory.description), .init(time(group)), .init(left(job, group)),
            .init(Escaping.oneLine(place(group)), group.state == .running ? nil : .dim),
        ]
    }

    /// `12`, `12.3`, `12.[5-99]`.
    static func id(_ job: JobSummary, _ group: TaskGroup) -> String {
        TaskSelector(job.id, indices: job.isArray ? group.indices : nil).description
    }

    /// Exclusive cores as a number, a quota as a fraction.
    static func cores(_ demand: ResourceDemand) -> String {
        if demand.cpuMillis == 0 { return "\(demand.cores)" }
        let hundredths = (demand.cpuMillis + 5) / 10
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)"))"
    }

    private func time(_ group: TaskGroup) -> String { group.attempt?.ranFor.map(MomentText.span) ?? "" }

    /// Of a task that waits: the whole limit.
    private func left(_ job: JobSummary, _ group: TaskGroup) -> String {
        if group.state.isFinished { return "" }
        return MomentText.span(group.attempt?.timeLeft ?? job.timeLimit)
    }

    private func place(_ group: TaskGroup) -> String {
        if let outcome = group.outcome { return outcome.text == group.state.rawValue ? "" : outcome.text }
        if let attempt = group.attempt { return PlacementText.short(attempt) }
        var text = (group.reasons ?? []).map(\.text).joined(separator: "; ")
        if let start = group.estimatedStart {
            text += (text.isEmpty ? "" : "; ") + "starts about \(MomentText(now: reply.now).short(start))"
        }
        return text
    }
}

/// States as one word in a colour.
enum StateText {
    static func word(_ group: TaskGroup) -> String {
        if group.attempt?.waitingForCores == true { return "waiting" }
        return group.state.rawValue
    }

    static func colour(_ state: TaskState) -> Style.Colour? {
        switch state {
        case .running, .succeeded: .green
        case .pending, .assigned, .starting, .resuming: .cyan
        case .held, .paused, .pausing, .suspending, .suspended, .migrating, .stopping, .cancelled: .yellow
        case .failed, .dependencyFailed, .unreachable: .red
        }
    }
}

/// Where an attempt runs, in a few words.
enum PlacementText {
    static func short(_ attempt: AttemptView) -> String {
        var parts: [String] = []
        if let stop = attempt.stop { parts.append("stopping: \(stop.rawValue)") }
        if attempt.waitingForCores == true {
            parts.append("waiting for cores")
        } else if attempt.coresReleased == true {
            parts.append("cores given back")
        }
        if let placement = attempt.placement, attempt.coresReleased != true { parts.append(text(placement)) }
        if let note = attempt.note { parts.append(brief(note)) }
        return parts.joined(separator: "; ")
    }

    /// What went wrong, without paths and details, which `berth show` tells.
    static func brief(_ note: String) -> String {
        let main = note.split(separator: ";", maxSplits: 1).first ?? ""
        var text = ""
        for word in main.split(separator: " ") {
            // A path leaves the punctuation that stood behind it.
            let part = word.contains("/") ? word.last.map { $0 == ":" || $0 == "," ? String($0) : "" } ?? "" : (text.isEmpty ? "" : " ") + word
            guard text.count + part.count <= noteLength else { return text + " …" }
            text += part
        }
        return text
    }

    private static let noteLength = 48

    static func text(_ placement: Placement) -> String {
        var parts: [String] = []
        if placement.shared { parts.append("shared cpus") } else if !placement.cpus.isEmpty { parts.append("cpu \(placement.cpus)") }
        for (name, instances) in placement.named.sorted(by: { $0.key < $1.key }) {
            parts.append("\(name) \(instances.joined(separator: ","))")
        }
        return parts.joined(separator: " ")
    }
}
