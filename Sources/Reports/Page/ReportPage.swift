public import JobModel

/// A report as one page that needs nothing else: drawings are part of it, and no script is. What users named is text in it, nothing more.
public struct ReportPage {
    /// With `table` and `plots`.
    public var reply: ReportReply
    /// What was asked for, in a line.
    public var subject: String
    public var now: WallTime
    /// Seconds east of UTC.
    public var secondsFromUTC: Int

    public init(reply: ReportReply, subject: String, now: WallTime, secondsFromUTC: Int) {
        self.reply = reply
        self.subject = subject
        self.now = now
        self.secondsFromUTC = secondsFromUTC
    }

    private var offset: Int64 { Int64(secondsFromUTC) }

    public var html: String {
        let clock = TimeAxis(from: now, until: now, left: 0, width: 0, offset: offset)
        var text = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>Berth: \(HTMLText.escape(subject))</title>
            <style>\(PageStyle.css)</style></head><body>
            <header><h1>\(HTMLText.escape(subject))</h1><p class="soft">Berth, \(clock.full(now))</p></header>

            """
        if let total = reply.table?.total ?? reply.job?.total { text += cards(total) }
        if let plots = reply.plots { text += use(plots) }
        text += gantt
        if let plots = reply.plots { text += waits(plots) }
        if let table = reply.table { text += PageTable(table: table).html }
        return text + "</body></html>\n"
    }

    private func section(_ title: String, _ note: String, _ body: String) -> String {
        "<section><h2>\(title)</h2><p class=\"soft\">\(note)</p>\(body)</section>\n"
    }

    private func cards(_ total: ReportRow) -> String {
        let efficiency = total.cpuEfficiency.map { "\(min(100, Int(($0 * 100).rounded())))%" } ?? "–"
        let failed = total.attempts - (total.outcomes[AttemptOutcome.Kind.succeeded.rawValue] ?? 0)
        let cards = [
            ("\(total.attempts)", "runs of \(total.jobs) jobs"), ("\(failed)", "did not succeed"),
            ("\(HTMLText.number(total.coreSeconds / 3600))", "core hours"), (efficiency, "of them busy"),
            (total.memoryPeak.text { "\(Bytes($0))" }, "largest memory peak"), (total.queued.map { "\($0.p50)" } ?? "–", "waited, half of them"),
            (total.ran.map { "\($0.p50)" } ?? "–", "ran, half of them"),
        ]
        return "<div class=\"cards\">"
            + cards.map { "<div class=\"card\"><b>\(HTMLText.escape($0.0))</b><span class=\"soft\">\(HTMLText.escape($0.1))</span></div>" }.joined()
            + "</div>\n"
    }

    private func use(_ plots: ReportPlots) -> String {
        let key = "<span class=\"key given\"></span>given<span class=\"key used\"></span>"
        let clock = TimeAxis(from: now, until: now, left: 0, width: 0, offset: offset)
        let coreBars = plots.buckets.map { bucket in
            let busy = "\(HTMLText.number(bucket.busy)) of \(HTMLText.number(bucket.cores)) cores busy"
            let title = "\(clock.full(bucket.start)): \(busy), \(bucket.ended) runs ended"
            return UseDrawing.Bar(start: bucket.start, given: bucket.cores, used: bucket.busy, title: title)
        }
        let memoryBars = plots.buckets.map { bucket in
            let title = "\(clock.full(bucket.start)): peaks of \(bucket.peak), \(bucket.memory) asked for"
            return UseDrawing.Bar(start: bucket.start, given: Double(bucket.memory.count), used: Double(bucket.peak.count), title: title)
        }
        let cores = UseDrawing(name: "cores", bars: coreBars, step: plots.step, whole: Double(plots.cores), offset: offset) {
            HTMLText.number($0)
        }
        let memory = UseDrawing(
            name: "memory", bars: memoryBars, step: plots.step, whole: Double(plots.memory.count), offset: offset, isOfBytes: true
        ) {
            "\(Bytes(UInt64($0)))"
        }
        let each = "averages over \(plots.step), of runs that have ended"
        return section("Cores", "\(each) \(key)busy", cores.svg) + section("Memory", "\(each) \(key)peaks", memory.svg)
    }

    private var gantt: String {
        let shown = reply.attempts.filter { $0.startedAt != nil }.count
        let kinds = AttemptOutcome.Kind.allCases.filter { kind in reply.attempts.contains { $0.startedAt != nil && $0.outcome.kind == kind } }
        let key = kinds.map { "<span class=\"key \($0.rawValue)\"></span>\($0.rawValue)" }.joined()
        let newest = reply.truncated == true ? "the newest \(shown)" : "\(shown)"
        return section("Runs on cores", "\(newest) runs \(key)", GanttDrawing(attempts: reply.attempts, offset: offset).svg)
    }

    private func waits(_ plots: ReportPlots) -> String {
        section(
            "Waits by size", "until the first instruction: half of the runs within the dark bar, 90% within the light one, 99% within the line",
            WaitDrawing(waits: plots.waits).svg)
    }
}
