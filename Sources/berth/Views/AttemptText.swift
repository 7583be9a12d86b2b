import API
import JobModel

/// One run of a task in a few lines.
struct AttemptText {
    var attempt: AttemptView
    var style: Style
    var moments: MomentText

    func render() -> String {
        var text = DetailText(style: style)
        text.add("Attempt", "\(attempt.id) \(attempt.outcome?.text ?? state)")
        text.add("  Where", where_)
        text.add("  Started", attempt.startedAt.map(moments.full))
        text.add("  Ended", attempt.endedAt.map(moments.full))
        text.add("  Times", times)
        if let usage = attempt.usage { text.add("  Used", UsageText.line(usage)) }
        text.add("  Note", attempt.note)
        return text.render()
    }

    private var state: String { attempt.waitingForCores == true ? "waiting for cores" : attempt.state.rawValue }

    private var where_: String? {
        guard let placement = attempt.placement else { return nil }
        var parts = [attempt.coresReleased == true ? "cores given back" : PlacementText.text(placement)]
        if !placement.memoryNodes.isEmpty { parts.append("memory node \(placement.memoryNodes)") }
        if let node = attempt.node { parts.append("on \(node)") }
        if let pid = attempt.pid { parts.append("pid \(pid)") }
        if let group = attempt.group { parts.append("groups \(Escaping.oneLine(group))") }
        return parts.filter { !$0.isEmpty }.joined(separator: ", ")
    }

    private var times: String? {
        var parts: [String] = []
        if let span = attempt.queuedFor { parts.append("queued \(span)") }
        if let span = attempt.ranFor { parts.append("ran \(span)") }
        if let span = attempt.pausedFor, span > .zero { parts.append("paused \(span)") }
        if let span = attempt.timeLeft { parts.append("\(span) left") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

/// Usage on a line; what the kernel could not count is left out.
enum UsageText {
    static func line(_ usage: Usage) -> String {
        var parts: [String] = []
        if let micros = usage.cpuUserMicroseconds, let system = usage.cpuSystemMicroseconds {
            parts.append("cpu \(cpu(micros + system)) (\(cpu(micros)) user, \(cpu(system)) system)")
        }
        if let throttled = usage.throttledMicroseconds, throttled > 0 { parts.append("throttled \(cpu(throttled))") }
        if let peak = usage.memoryPeak { parts.append("memory \(ValueText.size(peak))") }
        if let kills = usage.outOfMemoryKills, kills > 0 { parts.append("\(kills) killed for memory") }
        for pages in usage.hugePages ?? [] {
            let peak = pages.peak.map { " up to \(ValueText.size($0))" } ?? ""
            let refused = pages.failures.map { $0 > 0 ? ", \($0) refused" : "" } ?? ""
            if !(peak + refused).isEmpty { parts.append("huge pages of \(pages.size)\(peak)\(refused)") }
        }
        if let read = usage.readBytes { parts.append("read \(ValueText.size(Bytes(read)))") }
        if let written = usage.writtenBytes { parts.append(Self.written(written, partial: usage.ioPartial == true)) }
        if let dropped = usage.logDroppedBytes, dropped > 0 { parts.append("\(ValueText.size(Bytes(dropped))) of output dropped") }
        return parts.joined(separator: ", ")
    }

    /// What the kernel wrote back later it may not have counted.
    private static func written(_ bytes: UInt64, partial: Bool) -> String {
        guard partial else { return "written \(ValueText.size(Bytes(bytes)))" }
        return bytes == 0 ? "written not counted" : "written at least \(ValueText.size(Bytes(bytes)))"
    }

    /// Microseconds as `12.3s`, `4m5s`.
    static func cpu(_ microseconds: UInt64) -> String {
        if microseconds < 1000 { return "\(microseconds)µs" }
        return TimeSpan(milliseconds: Int64(clamping: microseconds / 1000)).description
    }
}
