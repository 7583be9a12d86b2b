import API

/// What an action did, in a line, and a line for each refusal.
struct ActionText {
    /// `cancelled`, `paused`.
    var verb: String
    var reply: ActionReply

    /// `cancelled 3 jobs: 12,14-15` or `paused 12.3`.
    var summary: String? {
        guard reply.tasks > 0 || !reply.done.isEmpty else { return nil }
        let ids = reply.done.listText
        if reply.done.count == 1 { return "\(verb) \(ids)" }
        let shown = reply.done.count <= 20 ? ": \(ids)" : ""
        return "\(verb) \(reply.jobs) \(reply.jobs == 1 ? "job" : "jobs")\(shown)"
    }

    var refusals: [String] {
        reply.refused.map { refusal in
            let message = Escaping.oneLine(refusal.error.message)
            // Most messages name the job themselves.
            let named = refusal.selector.job.map { message.split { !$0.isNumber }.contains("\($0)") } ?? false
            return named ? message : "\(refusal.selector): \(message)"
        }
    }

    /// Refused as a whole or in part: 1.
    var status: Int32 { reply.refused.isEmpty ? 0 : ExitRules.refused }
}
