import API
import JobModel

/// What a reader of `berth top` sees of one attempt: the reply's row with the rates since the reply before.
struct TopRow: Hashable {
    var row: UseReply.Row
    /// Cores' worth of cpu time a second; nil until two readings are there.
    var cpu: Double?
    /// Bytes a second.
    var reads: Double?
    var writes: Double?

    /// The id of the task, without the attempt.
    var id: String { "\(row.id.task)" }

    init(_ row: UseReply.Row, since former: CurrentUse?) {
        self.row = row
        guard let use = row.use, let former, use.readAt > former.readAt else { return }
        let seconds = Double((use.readAt - former.readAt).nanoseconds) / 1e9
        func rate(_ path: KeyPath<CurrentUse, UInt64?>) -> Double? {
            guard let now = use[keyPath: path], let before = former[keyPath: path], now >= before else { return nil }
            return Double(now - before) / seconds
        }
        cpu = rate(\.cpuMicroseconds).map { $0 / 1e6 }
        reads = rate(\.readBytes)
        writes = rate(\.writtenBytes)
    }

    /// Whether one of the texts that people know it by holds the words, without regard to case.
    func matches(_ text: String) -> Bool {
        guard !text.isEmpty else { return true }
        let wanted = text.lowercased()
        return [id, row.ownerName, row.queue, row.state.rawValue, row.name ?? "", row.batch ?? ""].contains { $0.lowercased().contains(wanted) }
    }
}

/// By what the rows are ordered.
enum TopOrder: String, Hashable, CaseIterable {
    case cpu, memory, io, time, id

    /// The greatest first, but ids upwards; equal ones by id.
    func precedes(_ a: TopRow, _ b: TopRow) -> Bool {
        func greater<T: Comparable>(_ x: T, _ y: T) -> Bool? { x == y ? nil : x > y }
        let first: Bool? =
            switch self {
            case .cpu: greater(a.cpu ?? -1, b.cpu ?? -1)
            case .memory: greater(a.row.use?.memory ?? .zero, b.row.use?.memory ?? .zero)
            case .io: greater((a.reads ?? -1) + (a.writes ?? 0), (b.reads ?? -1) + (b.writes ?? 0))
            case .time: greater(a.row.ranFor ?? .zero, b.row.ranFor ?? .zero)
            case .id: nil
            }
        return first ?? (a.row.id < b.row.id)
    }
}
