import JobModel

/// What is told of output that was lost: a gap when the output goes on after it, then only each time it has doubled, and the total at the end. A
/// job that prints faster than its log is read has a gap after every piece.
struct GapNotes {
    /// What became of it, such as `dropped`.
    let verb: String
    private var total: UInt64 = 0
    private var told: UInt64 = 0

    init(_ verb: String) { self.verb = verb }

    mutating func add(_ bytes: UInt64) {
        let (sum, overflow) = total.addingReportingOverflow(bytes)
        total = overflow ? .max : sum
    }

    /// To be told before more output.
    mutating func due() -> String? { total - told >= max(told, 1) ? tell() : nil }

    /// To be told at the end.
    mutating func rest() -> String? { total > told ? tell() : nil }

    private mutating func tell() -> String {
        defer { told = total }
        return "\(Bytes(total)) of output were \(verb)" + (told > 0 ? " in all" : "")
    }
}
