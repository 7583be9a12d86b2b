/// How a transaction that is too large is split: puts are staged in parts, removals stay.
struct StagingPlan {
    var staged: [[StoreEntry]] = []
    var direct: [StoreChange] = []

    init(_ changes: [StoreChange]) {
        let sizes = changes.map(\.encodedSize)
        guard changes.count > StoreTransaction.maximumKeys || sizes.reduce(0, +) > StoreTransaction.maximumBytes else {
            direct = changes
            return
        }
        var bytes = 0
        for (change, size) in zip(changes, sizes) {
            guard case .put(let entry) = change else {
                direct.append(change)
                continue
            }
            if staged.isEmpty || staged[staged.count - 1].count == StoreTransaction.maximumKeys
                || bytes + size > StoreTransaction.maximumBytes
            {
                staged.append([])
                bytes = 0
            }
            staged[staged.count - 1].append(entry)
            bytes += size
        }
    }
}
