import API
import JobModel

/// One event on a line.
enum EventText {
    static func line(_ event: Event, moments: MomentText, style: Style) -> String {
        var words = [style(.dim, moments.full(event.at)), TextWidth.pad(subject(event), to: 10)]
        words.append(style(colour(event), TextWidth.pad(event.kind.rawValue, to: 16)))
        if let batch = event.batch { words.append("batch \(Escaping.oneLine(batch))") }
        if let outcome = event.outcome { words.append(Escaping.oneLine(outcome.description)) }
        if let detail = event.detail { words.append(Escaping.oneLine(detail)) }
        var line = words.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }

    private static func subject(_ event: Event) -> String {
        event.attempt?.description ?? event.task?.description ?? event.job?.description ?? ""
    }

    private static func colour(_ event: Event) -> Style.Colour? {
        switch event.kind {
        case .finished: event.outcome == .succeeded || event.outcome == nil ? .green : .red
        case .outOfMemory, .freezeFailed: .red
        case .paused, .held, .batchHeld, .memoryThreshold, .memorySignal, .warningSignal, .stopping: .yellow
        default: nil
        }
    }
}
