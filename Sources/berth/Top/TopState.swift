import API
import JobModel

/// What `berth top` shows and what keys do to it; knows neither terminal nor daemon.
struct TopState {
    /// Something to ask the daemon for.
    enum Request: Hashable {
        case pause(TaskID), resume(TaskID), cancel(TaskID)
        case refresh
        case quit
    }

    private enum Mode: Hashable {
        case browsing
        case filtering(former: String)
        case confirming(TaskID)
    }

    private(set) var reply: UseReply?
    private(set) var rows: [TopRow] = []
    private(set) var order = TopOrder.cpu
    private(set) var isReversed = false
    private(set) var filter = ""
    private(set) var ownOnly = false
    private(set) var selected: AttemptID?
    /// A line for the person: an answer, or why the daemon does not.
    var message = ""
    private var mode = Mode.browsing
    private var former: [AttemptID: CurrentUse] = [:]
    /// Whose jobs `u` narrows to.
    var user: UserID

    init(user: UserID, order: TopOrder = .cpu, filter: String = "") {
        self.user = user
        self.order = order
        self.filter = filter
    }

    /// Takes what the daemon answered.
    mutating func take(_ new: UseReply) {
        let before = former
        former = Dictionary(new.attempts.compactMap { row in row.use.map { (row.id, $0) } }) { $1 }
        reply = new
        all = new.attempts.map { TopRow($0, since: before[$0.id]) }
        arrange()
    }

    private var all: [TopRow] = []

    private mutating func arrange() {
        rows = all.filter { $0.matches(filter) && (!ownOnly || $0.row.owner == user) }
            .sorted { isReversed ? order.precedes($1, $0) : order.precedes($0, $1) }
        if !rows.contains(where: { $0.row.id == selected }) { selected = rows.first?.row.id }
    }

    /// The line below the table: a question, the filter as it is typed, or the last answer.
    var prompt: String {
        switch mode {
        case .browsing: message
        case .filtering: "filter: \(Escaping.oneLine(filter))_"
        case .confirming(let task): "cancel \(task)? y or n"
        }
    }

    /// What a key does.
    mutating func press(_ key: TopKey) -> Request? {
        if key == .interrupt { return .quit }
        switch mode {
        case .filtering(let before): type(key, before)
        case .confirming(let task):
            mode = .browsing
            if key == .text("y") { return .cancel(task) }
            message = "not cancelled"
        case .browsing: return browse(key)
        }
        return nil
    }

    private mutating func type(_ key: TopKey, _ before: String) {
        switch key {
        case .enter: mode = .browsing
        case .escape:
            filter = before
            mode = .browsing
        case .erase: _ = filter.popLast()
        case .text(let character): if filter.count < 64 { filter.append(character) }
        default: break
        }
        arrange()
    }

    private mutating func browse(_ key: TopKey) -> Request? {
        message = ""
        switch key {
        case .up, .text("k"): move(by: -1)
        case .down, .text("j"): move(by: 1)
        case .pageUp: move(by: -10)
        case .pageDown: move(by: 10)
        case .first: move(by: -rows.count)
        case .last: move(by: rows.count)
        case .text("/"): mode = .filtering(former: filter)
        case .escape: filter = ""
        case .text("u"): ownOnly.toggle()
        case .text("R"): isReversed.toggle()
        case .text("C"): order = .cpu
        case .text("M"): order = .memory
        case .text("I"): order = .io
        case .text("T"): order = .time
        case .text("N"): order = .id
        case .text(" "): return .refresh
        case .text("q"): return .quit
        case .text("p"): return selected.map { .pause($0.task) }
        case .text("r"): return selected.map { .resume($0.task) }
        case .text("c"): if let selected { mode = .confirming(selected.task) }
        default: message = Self.help
        }
        arrange()
        return nil
    }

    static let help = "C cpu  M memory  I io  T time  N id  R reverse  / filter  u mine  p pause  r resume  c cancel  q quit"

    private mutating func move(by steps: Int) {
        guard let at = rows.firstIndex(where: { $0.row.id == selected }) else { return }
        selected = rows[min(max(0, at + steps), rows.count - 1)].row.id
    }
}
