extension InMemoryStore {
    /// Delivers what was held back.
    public func deliver() {
        for batch in waiting { hub.publish(batch, bytes: 0) }
        waiting = []
    }

    /// Drops all older changes and ends all followers with `compacted`.
    public func compact() {
        deliver()
        hub.compact()
    }

    /// Ends all followers.
    public func close() { hub.close() }

    func publish(_ changes: [StoreChange]) {
        waiting += parts(of: changes)
        if generator.chance(faults.late) { return }
        let batches = waiting
        deliver()
        if generator.chance(faults.doubled) {
            for batch in batches { hub.repeatBatch(batch) }
        }
        if generator.chance(faults.compaction) { hub.compact() }
    }

    private func parts(of changes: [StoreChange]) -> [ChangeBatch] {
        guard changes.count > 1, generator.chance(faults.split) else { return [ChangeBatch(revision: revision, changes: changes)] }
        let middle = Int.random(in: 1..<changes.count, using: &generator)
        return [
            ChangeBatch(revision: revision, part: 0, isLast: false, changes: Array(changes[..<middle])),
            ChangeBatch(revision: revision, part: 1, isLast: true, changes: Array(changes[middle...])),
        ]
    }
}
