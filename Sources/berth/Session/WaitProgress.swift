import API
import LinuxSys

/// A bar of the tasks that are waited for, on standard error: drawn anew in its place on a terminal, elsewhere a line for each change.
struct WaitProgress {
    /// How long the daemon may hold its answer while a bar moves.
    static let stepMilliseconds: Int64 = 500

    private let label: String
    private let isTerminal: Bool
    private var last: TaskCounts?

    /// Nil where none is shown: off a terminal, unless it is asked for.
    init?(_ selection: Selection, asked: Bool, json: Bool) {
        let isTerminal = Descriptor.standardError.isTerminal
        guard asked || (isTerminal && !json) else { return nil }
        self.isTerminal = isTerminal
        label = selection.ids?.listText ?? selection.batch ?? selection.name ?? ""
    }

    /// A single task has no bar.
    mutating func show(_ reply: WaitReply) {
        guard reply.tasks > 1, reply.counts != last else { return }
        last = reply.counts
        // The last column stays free: some terminals go to the next line with it.
        let columns = isTerminal ? Int(Descriptor.standardError.terminalExtent?.columns ?? 0) : 0
        let width = columns > 0 ? columns - 1 : 79
        let line = ArrayProgress.line(Escaping.oneLine(label), reply.counts, width: width, style: .forError)
        guard isTerminal else { return Console.error(line) }
        // What does not fit in a line could not be drawn over.
        let fits = TextWidth.of(ArrayProgress.line("", reply.counts, width: width, style: .plain).dropLast().description) <= width
        let text = fits ? String(line.dropLast()) : TextWidth.cut(ArrayProgress.summary(reply.counts), to: max(1, width))
        Console.error("\r\(text)\u{1B}[K")
    }

    /// The last bar stays.
    func end() { if isTerminal, last != nil { Console.error("\n") } }
}
