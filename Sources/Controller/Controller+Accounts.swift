import JobModel
import JobStore
import NodeAgent
import Reports

extension Controller {
    /// Finds out since when the parent group counts what the jobs are counted for. Call when nothing of an earlier daemon is left but what
    /// lives, and before anything is started.
    func beginAccounts() async throws {
        let kept = try await store.accounts()
        totals = kept.totals
        let ids = attempts.keys.sorted()
        guard let account = await agent.account(of: ids) else { return }
        if let span = kept.span, span.bootID == clock.bootID, span.identity == account.identity {
            accountSpan = span
            return
        }
        // What runs already brings all it used with it when it ends.
        var parent = AccountCounter.allCases.map { $0.value(account.usage) }
        for usage in account.attempts.values {
            for (place, counter) in AccountCounter.allCases.enumerated() {
                if let value = parent[place], let used = counter.value(usage) { parent[place] = value - min(value, used) }
            }
        }
        let span = AccountSpan(
            bootID: clock.bootID, identity: account.identity, since: clock.now().wall, jobs: totals, parent: parent)
        accountSpan = span
        commit(Decision(node: ["span": .accountSpan(span), "totals": .accountTotals(totals)]))
    }

    /// The parent group's counters beside those of the jobs; nil where the agent has none.
    func reconciliation() async -> Reconciliation? {
        guard let span = accountSpan else { return nil }
        for _ in 0..<3 {
            var sum = totals.since(span.jobs)
            let ids = attempts.keys.sorted()
            guard let account = await agent.account(of: ids), account.identity == span.identity else { return nil }
            // One that ended meanwhile is in neither.
            guard account.attempts.count == ids.count else { continue }
            for usage in account.attempts.values { sum.add(usage) }
            let lines = AccountCounter.allCases.enumerated().map { place, counter in
                let before = span.parent[place]
                let parent = counter.value(account.usage).flatMap { now in before.map { now - min(now, $0) } }
                return Reconciliation.Line(
                    counter: counter, parent: parent, jobs: ReportSum(value: sum.sums[place], partial: sum.missing[place] > 0))
            }
            return Reconciliation(group: account.name, since: span.since, running: ids.count, lines: lines)
        }
        return nil
    }
}
