import API
import JobModel

/// `berth show`.
struct JobDetailText {
    var detail: JobDetail
    var style: Style
    var moments: MomentText
    var width: Int?

    func render() -> String {
        var text = DetailText(style: style)
        addJob(&text)
        if let spec = detail.spec { addSpec(spec, &text) } else if detail.job.redacted { text.add("More", "is shown to its owner only") }
        addWaits(&text)
        return text.render() + attempts()
    }

    private func addJob(_ text: inout DetailText) {
        let job = detail.job
        text.add("Job", job.name.map { "\(job.id) \($0)" } ?? "\(job.id)")
        text.add("Owner", "\(job.ownerName) (\(job.owner))")
        if job.isArray { text.add("Tasks", ArrayProgress.summary(job.counts)) }
        text.add("State", job.groups.count == 1 ? StateText.word(job.groups[0]) : nil)
        text.add("Outcome", job.groups.count == 1 ? job.groups[0].outcome.map(outcome) : nil)
        text.add("Batch", job.batch)
        text.add("Queue", "\(job.queue), priority \(job.priority)")
        text.add("Submitted", moments.full(job.submittedAt))
        text.add("Resources", Self.demand(job.demand))
        text.add("Time limit", job.timeLimit.description)
        text.add("Tags", job.tags?.joined(separator: ", "))
    }

    private func outcome(_ outcome: OutcomeView) -> String { "\(outcome.text), exit status \(outcome.exitStatus)" }

    static func demand(_ demand: ResourceDemand) -> String {
        var parts = [demand.cpuMillis > 0 ? "\(JobTable.cores(demand)) cpus shared" : "\(demand.cores) \(demand.cores == 1 ? "core" : "cores")"]
        parts.append("\(demand.memory) memory")
        if demand.swap > .zero { parts.append("\(demand.swap) swap") }
        parts.append("\(demand.pids) processes")
        if demand.scratch > .zero { parts.append("\(demand.scratch) scratch on \(demand.scratchKind == .disk ? "disk" : "memory")") }
        for (name, request) in demand.named.sorted(by: { $0.key < $1.key }) {
            switch request {
            case .count(let count): parts.append("\(name)=\(count)")
            case .instances(let names): parts.append("\(name)=\(names.joined(separator: ","))")
            }
        }
        return parts.joined(separator: ", ")
    }

    private func addSpec(_ spec: JobSpec, _ text: inout DetailText) {
        text.add("Image", spec.image)
        text.add("Command", spec.command.map(Escaping.command))
        text.add("Script", detail.scriptBytes.map { "\(ValueText.size(Bytes(UInt64($0)))) (berth show --script \(detail.job.id))" })
        text.add("Directory", spec.workingDirectory ?? spec.submitDirectory)
        text.add("User inside", spec.user.map(\.description))
        text.add("Network", spec.network?.rawValue)
        text.add("Mounts", (spec.mounts ?? []).map(Self.mount))
        text.add("Environment", (spec.environment ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        text.add("Output", spec.output.map { $0.path + ($0.append ? " (appended)" : "") })
        text.add("Error", spec.error.map { $0.path + ($0.append ? " (appended)" : "") })
        text.add("Input", spec.input)
        text.add("Begin", spec.begin.map(moments.full))
        text.add("Retries", spec.retries.map { "\($0.count)" })
        text.add("Warning", spec.warning.map { "\($0.signal) \($0.before) before the limit" })
    }

    private static func mount(_ mount: MountSpec) -> String {
        switch mount.kind {
        case .bind: "\(mount.source ?? "") on \(mount.target)\(mount.readOnly ? " (read-only)" : "")"
        case .tmpfs: "tmpfs on \(mount.target)\(mount.size.map { " of \($0)" } ?? "")"
        }
    }

    private func addWaits(_ text: inout DetailText) {
        for group in detail.job.groups {
            let label = detail.job.isArray ? "Waits \(group.indices?.description ?? "")" : "Waits"
            text.add(label, (group.reasons ?? []).map(\.text))
            text.add("Starts about", group.estimatedStart.map(moments.full))
        }
        text.add("Holds", (detail.holds ?? []).map { hold($0.hold, tasks: detail.job.isArray ? $0.tasks : nil) })
        text.add("Batch holds", (detail.batchHolds ?? []).map { hold($0, tasks: nil) })
        text.add(
            "Depends on",
            (detail.dependencies ?? []).map { view in
                "\(view.dependency.kind.rawValue) \(TaskID(view.dependency.job, view.dependency.index)): \(view.state.rawValue)"
            })
        text.add("Wait for it", detail.dependents?.map(\.description).joined(separator: ", "))
    }

    private func hold(_ hold: Hold, tasks: IntervalSet?) -> String {
        var text = "\(hold.kind.rawValue) by \(hold.who) since \(moments.full(hold.at))"
        if let tasks { text += " on \(tasks)" }
        if hold.keepCores { text += ", keeps its cores" }
        return hold.reason.map { "\(text): \($0)" } ?? text
    }

    private func attempts() -> String {
        guard !detail.attempts.isEmpty else { return "" }
        var result = "\n"
        for attempt in detail.attempts { result += AttemptText(attempt: attempt, style: style, moments: moments).render() }
        if let omitted = detail.attemptsOmitted, omitted > 0 { result += "and \(omitted) more\n" }
        return result
    }
}
