import API
import JobModel

/// `berth batch list`.
enum BatchTable {
    static func render(_ batches: [BatchView], width: Int?, style: Style) -> String {
        guard !batches.isEmpty else { return "" }
        var table = Table([
            .init("BATCH", shrinksTo: 10), .init("USER", shrinksTo: 6), .init("STATE"), .init("JOBS", right: true), .init("PENDING", right: true),
            .init("RUNNING", right: true), .init("PAUSED", right: true), .init("OK", right: true), .init("FAILED", right: true),
            .init("CORES", right: true), .init("MEMORY", right: true),
        ])
        for batch in batches {
            let counts = batch.counts
            table.add([
                .init(Escaping.oneLine(batch.name)), .init(Escaping.oneLine(batch.ownerName)),
                .init(state(batch), batch.holds.isEmpty ? nil : .yellow), .init("\(batch.jobs)"), .init("\(counts.pending)"),
                .init("\(counts.running)"), .init("\(counts.paused)"), .init("\(counts.succeeded)"),
                .init("\(counts.failed + counts.cancelled)", counts.failed > 0 ? .red : nil), .init("\(batch.cores)"), .init("\(batch.memory)"),
            ])
        }
        return table.render(width: width, style: style)
    }

    static func state(_ batch: BatchView) -> String {
        if batch.holds.contains(where: \.kind.freezes) { return "paused" }
        if !batch.holds.isEmpty { return "held" }
        return batch.counts.pending + batch.counts.running + batch.counts.paused > 0 ? "active" : "done"
    }

    static func detail(_ batch: BatchView, moments: MomentText, width: Int, style: Style) -> String {
        var text = DetailText(style: style)
        text.add("Batch", "\(batch.name) of \(batch.ownerName)")
        text.add("State", state(batch))
        text.add("Jobs", "\(batch.jobs)")
        text.add("Tasks", ArrayProgress.summary(batch.counts))
        text.add("Cores now", "\(batch.cores)")
        text.add("Memory now", "\(batch.memory)")
        text.add("CPU time", batch.cpuMicroseconds.map(UsageText.cpu))
        text.add("First job", batch.firstSubmittedAt.map(moments.full))
        text.add("Last end", batch.lastEndedAt.map(moments.full))
        for hold in batch.holds {
            text.add("Hold", "\(hold.kind.rawValue) by \(hold.who) since \(moments.full(hold.at))\(hold.reason.map { ": \($0)" } ?? "")")
        }
        return text.render() + ArrayProgress.line("", batch.counts, width: width, style: style)
    }
}

/// `berth image list`.
enum ImageTable {
    static func render(_ images: [ImageView], moments: MomentText, width: Int?, style: Style) -> String {
        guard !images.isEmpty else { return "" }
        var table = Table([
            .init("NAME", shrinksTo: 16), .init("DIGEST"), .init("SIZE", right: true), .init("LAYERS", right: true),
            .init("JOBS", right: true, optional: true),
            .init("IMPORTED"),
        ])
        for image in images {
            for name in image.names.isEmpty ? ["-"] : image.names {
                table.add([
                    Escaping.oneLine(name), String(image.digest.split(separator: ":").last?.prefix(12) ?? ""), image.size.description,
                    "\(image.layers.count)", image.jobs.map { $0 > 0 ? "\($0)" : "" } ?? "", image.importedAt.map(moments.short) ?? "",
                ])
            }
        }
        return table.render(width: width, style: style)
    }

    static func detail(_ image: ImageView, moments: MomentText, style: Style) -> String {
        var text = DetailText(style: style)
        text.add("Names", image.names)
        text.add("Digest", image.digest)
        text.add("Size", image.size.description)
        text.add("Made", image.createdAt.map(moments.full))
        text.add("Imported", image.importedAt.map(moments.full))
        text.add("Architecture", image.architecture)
        text.add("Entry point", image.entrypoint.map(Escaping.command))
        text.add("Command", image.command.map(Escaping.command))
        text.add("Environment", image.environment ?? [])
        text.add("User", image.user)
        text.add("Directory", image.workingDirectory)
        text.add("Stop signal", image.stopSignal)
        text.add("Layers", image.layers.map { "\($0.digest) \($0.size)" })
        return text.render()
    }
}
