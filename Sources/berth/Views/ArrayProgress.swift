import API

/// A bar and counts for each array or batch.
enum ArrayProgress {
    static func line(_ label: String, _ counts: TaskCounts, width: Int, style: Style) -> String {
        let bar = ProgressBar(
            parts: [
                .init(count: counts.succeeded, colour: .green, symbol: "█"),
                .init(count: counts.failed + counts.cancelled, colour: .red, symbol: "▒"),
                .init(count: counts.running, colour: .cyan, symbol: "▓"), .init(count: counts.paused, colour: .yellow, symbol: "░"),
            ], total: counts.total)
        let text = summary(counts)
        let label = TextWidth.pad(TextWidth.cut(label, to: 20), to: 20)
        let room = min(50, max(10, width - 20 - 4 - TextWidth.of(text)))
        return "\(label) [\(bar.render(width: room, style: style))] \(text)\n"
    }

    /// `43/100 done, 2 failed, 4 running, 53 pending`.
    static func summary(_ counts: TaskCounts) -> String {
        var parts = ["\(counts.finished)/\(counts.total) done"]
        for (count, word) in [
            (counts.failed, "failed"), (counts.cancelled, "cancelled"), (counts.running, "running"), (counts.paused, "paused"),
            (counts.pending, "pending"),
        ] where count > 0 { parts.append("\(count) \(word)") }
        if counts.held > 0 { parts[parts.count - 1] += " (\(counts.held) held)" }
        return parts.joined(separator: ", ")
    }

    static func render(_ jobs: [JobSummary], width: Int, style: Style) -> String {
        jobs.filter(\.isArray).map { job in
            line("\(job.id) \(Escaping.oneLine(job.name ?? ""))", job.counts, width: width, style: style)
        }.joined()
    }
}
