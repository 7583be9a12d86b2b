import API
import JobModel
import NodeAgent

/// So many submits in a second on average, and as many at once: a bucket that fills by the rate.
struct SubmitRate: Sendable {
    let most: Int
    private var left: Double
    private var at: BootTime

    init(most: Int, at: BootTime) {
        self.most = most
        left = Double(most)
        self.at = at
    }

    /// A full one need not be remembered.
    func isFull(at now: BootTime) -> Bool { filled(at: now) >= Double(most) }

    private func filled(at now: BootTime) -> Double {
        min(Double(most), left + Double(max(0, now.nanoseconds - at.nanoseconds)) / 1e9 * Double(most))
    }

    /// Nil when one more may come; else after how long it may.
    func wait(at now: BootTime) -> TimeSpan? {
        let missing = 1 - filled(at: now)
        return missing <= 0 ? nil : TimeSpan(milliseconds: max(1, Int64((missing / Double(most) * 1000).rounded())))
    }

    mutating func take(at now: BootTime) {
        left = filled(at: now) - 1
        at = now
    }
}

extension Controller {
    /// Counts a submit against its user's, queues' and batches' rates, or refuses it. Operators are bound by none.
    func countSubmit(_ records: [JobRecord], _ peer: Peer) throws(APIError) {
        guard !settings.access.isOperator(peer) else { return }
        let now = clock.now().boot
        submitRates = submitRates.filter { !$0.value.isFull(at: now) }
        let limits = Set(records.flatMap(WaitingLimit.all)).compactMap { limit in limit.rate(settings).map { (limit, $0) } }
        for (limit, most) in limits.sorted(by: { "\($0.0)" < "\($1.0)" }) {
            guard let span = (submitRates[limit] ?? SubmitRate(most: most, at: now)).wait(at: now) else { continue }
            throw APIError(
                .limit,
                "submit: \(limit) may submit at most \(most) times in a second (submits_per_second), found one more; the next may come in \(span)")
        }
        for (limit, most) in limits { submitRates[limit, default: SubmitRate(most: most, at: now)].take(at: now) }
    }
}

extension WaitingLimit {
    fileprivate func rate(_ settings: ControllerSettings) -> Int? { limits(settings)?.submitsPerSecond }
}
