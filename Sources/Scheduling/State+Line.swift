import HeapModule
import JobModel

extension State {
    /// Puts a job into the line of its class or takes it out, as its tasks, holds and limits now call for.
    mutating func relist(_ position: Int) {
        let wanted = isListable(position)
        guard wanted != entries[position].listed else { return }
        if wanted { list(position) } else { unlist(position) }
    }

    func isListable(_ position: Int) -> Bool {
        let entry = entries[position]
        guard !entry.ready.isEmpty, entry.begun, !entry.isSaturated else { return false }
        return entry.job.batch.flatMap { batches[$0] }?.holds.isEmpty ?? true
    }

    private mutating func list(_ position: Int) {
        let demandClass = entries[position].demandClass
        steps += 1
        entries[position].listed = true
        classes[demandClass].lines.insert(
            DemandClass.Line(order: entries[position].order, position: position, stamp: stamps[position]))
        classes[demandClass].listed += 1
        refreshClass(demandClass)
    }

    mutating func unlist(_ position: Int) {
        guard entries[position].listed else { return }
        let demandClass = entries[position].demandClass
        entries[position].listed = false
        stamps[position] &+= 1
        classes[demandClass].listed -= 1
        refreshClass(demandClass)
    }

    /// Drops stale lines from the front and tells the tree who is first.
    mutating func refreshClass(_ index: Int) {
        while let line = classes[index].lines.min, line.stamp != stamps[line.position] {
            classes[index].lines.removeMin()
            steps += 1
        }
        if classes[index].lines.count > 2 * classes[index].listed + 64 { compact(index) }
        let open = classes[index].blockedBy == nil && !classes[index].impossible
        let leaf = open ? classes[index].lines.min?.order : nil
        guard leaf != classes[index].leaf else { return }
        classes[index].leaf = leaf
        if let leaf {
            tree.set(index, order: leaf, time: classes[index].nanoseconds, amounts: classes[index].amounts)
        } else {
            tree.clear(index)
        }
    }

    /// Stale lines behind the front are few: each paid for this when it went stale.
    private mutating func compact(_ index: Int) {
        steps += classes[index].lines.count
        classes[index].lines = Heap(classes[index].lines.unordered.filter { $0.stamp == stamps[$0.position] })
    }

    mutating func join(_ key: DemandClass.Key) -> Int {
        if let known = classPositions[key] {
            classes[known].members += 1
            return known
        }
        let index = vacantClasses.popLast() ?? classes.count
        let fresh = DemandClass(key, on: machine)
        if index == classes.count { classes.append(fresh) } else { classes[index] = fresh }
        classes[index].members = 1
        classPositions[key] = index
        return index
    }

    mutating func leaveClass(_ index: Int) {
        classes[index].members -= 1
        guard classes[index].members == 0 else { return }
        if let book = classes[index].blockedBy { books[book].blocked.remove(index) }
        classes[index].blockedBy = nil
        classes[index].lines = Heap()
        refreshClass(index)
        classPositions[classes[index].key] = nil
        vacantClasses.append(index)
    }
}
