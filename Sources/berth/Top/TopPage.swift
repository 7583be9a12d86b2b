import API
import JobModel

/// The page of `berth top`.
struct TopPage {
    var state: TopState
    var style: Style
    var width: Int?
    /// Lines of the terminal; nil: as many as it takes.
    var height: Int?
    var moments: MomentText

    func render() -> String {
        guard let reply = state.reply else { return "" }
        var head = [summary(reply)]
        head += CoreMap(reply: reply, style: style, width: width ?? .max).lines(atMost: height.map { max(1, $0 / 4) } ?? .max)
        head += queues(reply)
        head.append("")
        let room = height.map { max(1, $0 - head.count - 3) } ?? .max
        let table = table(window(room))
        var lines = head + table.render(width: width, style: style).split(separator: "\n").map(String.init)
        let hidden = state.rows.count - min(room, state.rows.count) + (reply.attemptsOmitted ?? 0)
        if hidden > 0 { lines.append(style(.dim, "\(hidden) more")) }
        if height != nil { lines.append(state.prompt.isEmpty ? style(.dim, TopState.help) : state.prompt) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func summary(_ reply: UseReply) -> String {
        let cpus = reply.shape.allCpus.subtracting(reply.reservedCpus)
        let used = cpus.count - reply.freeCpus.count
        let counts = reply.counts
        let held = counts.held > 0 ? " (\(counts.held) held)" : ""
        return "\(style(.bold, Escaping.oneLine(reply.node)))  \(moments.full(reply.now))  \(used) of \(cpus.count) cores, "
            + "\(ValueText.size(reply.shape.memory - reply.freeMemory)) of \(ValueText.size(reply.shape.memory)) memory given  "
            + "\(counts.running) running, \(counts.paused) paused, \(counts.pending) pending\(held)"
    }

    /// One line for each queue besides a lone `default`.
    private func queues(_ reply: UseReply) -> [String] {
        let busy = reply.queues.filter { $0.counts.running + $0.counts.paused + $0.counts.pending > 0 }
        guard reply.queues.count > 1, !busy.isEmpty else { return [] }
        return [
            "queues  "
                + busy.map { queue in
                    let counts = queue.counts
                    return "\(Escaping.oneLine(queue.name)) \(counts.running + counts.paused)+\(counts.pending)"
                }.joined(separator: "  ") + style(.dim, "  (active + pending)")
        ]
    }

    /// The rows around the selected one that there is room for.
    private func window(_ room: Int) -> ArraySlice<TopRow> {
        let rows = state.rows
        guard rows.count > room, let at = rows.firstIndex(where: { $0.row.id == state.selected }) else { return rows.prefix(room) }
        let start = min(max(0, at - room / 2), rows.count - room)
        return rows[start..<(start + room)]
    }

    private func table(_ rows: ArraySlice<TopRow>) -> Table {
        func title(_ text: String, _ order: TopOrder) -> String { text + (state.order == order ? (state.isReversed ? "△" : "▽") : "") }
        var table = Table([
            .init(""), .init(title("TASK", .id)), .init("USER", shrinksTo: 6), .init("NAME", shrinksTo: 6, optional: true),
            .init("QUEUE", shrinksTo: 6, optional: true), .init("STATE"), .init("ON", shrinksTo: 6), .init(title("CPU%", .cpu), right: true),
            .init(title("MEMORY", .memory), right: true), .init("OF", right: true), .init("PIDS", right: true),
            .init(title("READ/S", .io), right: true), .init("WRITE/S", right: true), .init(title("TIME", .time), right: true),
            .init("LEFT", right: true),
        ])
        for row in rows { table.add(cells(row)) }
        return table
    }

    private func cells(_ top: TopRow) -> [Table.Cell] {
        let row = top.row
        let isSelected = height != nil && row.id == state.selected
        let left = row.ranFor.map { max(.zero, row.timeLimit - $0) }
        return [
            .init(isSelected ? ">" : "", .bold), .init(top.id, isSelected ? .bold : nil), .init(Escaping.oneLine(row.ownerName)),
            .init(Escaping.oneLine(row.name ?? "")), .init(row.queue == "default" ? "" : Escaping.oneLine(row.queue)),
            .init(row.state.rawValue, row.state == .running ? .green : .yellow), .init(place(row)), .init(top.cpu.map(Self.percent) ?? "-"),
            .init(row.use?.memory.map(ValueText.size) ?? "-"), .init(ValueText.size(row.memory)), .init(row.use?.pids.map { "\($0)" } ?? "-"),
            .init(top.reads.map(Self.rate) ?? "-"), .init(top.writes.map(Self.rate) ?? "-"), .init(row.ranFor.map(MomentText.span) ?? ""),
            .init(left.map(MomentText.span) ?? ""),
        ]
    }

    private func place(_ row: UseReply.Row) -> String {
        row.coresReleased == true ? "no cores" : row.placement.shared ? "shared" : "\(row.placement.cpus)"
    }

    /// Of one core, as top(1) has it: two busy cores are 200.
    private static func percent(_ cores: Double) -> String {
        let tenths = Int((cores * 1000).rounded())
        return tenths >= 1000 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    private static func rate(_ bytes: Double) -> String { ValueText.size(Bytes(UInt64(max(0, bytes)))) }
}

/// Which core is whose: runs of cores of one task together.
struct CoreMap {
    var reply: UseReply
    var style: Style
    var width: Int

    func lines(atMost count: Int) -> [String] {
        var lines: [String] = []
        var (text, used) = ("cores  ", 7)
        for (label, colour) in parts() {
            if used > 7, used + label.count + 2 > width {
                lines.append(text)
                (text, used) = ("       ", 7)
            }
            text += style(colour, label) + "  "
            used += label.count + 2
        }
        lines.append(text)
        let shown = lines.prefix(count).map { String(Substring($0).trimmedTail) }
        return lines.count > count ? shown + [style(.dim, "       and more")] : Array(shown)
    }

    private func parts() -> [(String, Style.Colour?)] {
        var owners: [Int: String] = [:]
        for row in reply.attempts where !row.placement.shared && row.coresReleased != true {
            for cpu in row.placement.cpus.members { owners[cpu] = "\(Escaping.oneLine(row.ownerName)) \(row.id.task)" }
        }
        func use(_ cpu: Int) -> (String, Style.Colour?) {
            if let owner = owners[cpu] { return (owner, .green) }
            if reply.reservedCpus.contains(cpu) { return ("system", .dim) }
            if reply.sharedCpus.contains(cpu) { return ("shared", .cyan) }
            return reply.freeCpus.contains(cpu) ? ("free", .dim) : ("taken", .green)
        }
        var parts: [(cpus: [Int], text: String, colour: Style.Colour?)] = []
        for cpu in reply.shape.allCpus.members {
            let (text, colour) = use(cpu)
            if let last = parts.indices.last, parts[last].text == text, parts[last].cpus.last == cpu - 1 {
                parts[last].cpus.append(cpu)
            } else {
                parts.append(([cpu], text, colour))
            }
        }
        return parts.map { ("\(CpuSet($0.cpus)) \($0.text)", $0.colour) }
    }
}

extension Substring {
    fileprivate var trimmedTail: Substring {
        var rest = self
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
