import JobModel

/// The place of a job in the line: higher priority first, then the order of submission.
struct Order: Hashable, Comparable, Sendable {
    let priority: Int
    let sequence: UInt64
    let job: JobID

    static let last = Order(priority: .min, sequence: .max, job: JobID(.max))

    static func < (a: Order, b: Order) -> Bool {
        if a.priority != b.priority { return a.priority > b.priority }
        return (a.sequence, a.job) < (b.sequence, b.job)
    }
}

/// A tournament over the classes of equal demand: finds the first in line, or the first in line among those that fit, without looking at the others.
///
/// Each inner node keeps the earliest order and the smallest amount of everything below it; a part of the tree is entered only if those could fit.
struct ClassTree: Sendable {
    /// What a candidate may use: everything free if it ends within `window`, else only what the reservation leaves.
    struct Room: Sendable {
        var free: [Int64]
        var extra: [Int64]
        var window: Int64
    }

    private let width: Int
    private var leaves = 1
    private var orders: [Order]
    private var times: [Int64]
    private var minima: [Int64]
    /// Nodes looked at so far, for the tests of cost.
    private(set) var visits = 0

    init(width: Int) {
        self.width = width
        orders = Array(repeating: .last, count: 2)
        times = Array(repeating: .max, count: 2)
        minima = Array(repeating: .max, count: 2 * width)
    }

    mutating func set(_ leaf: Int, order: Order, time: Int64, amounts: [Int64]) {
        while leaf >= leaves { grow() }
        let node = leaves + leaf
        orders[node] = order
        times[node] = time
        for index in 0..<width { minima[node * width + index] = amounts[index] }
        update(above: node)
    }

    mutating func clear(_ leaf: Int) {
        guard leaf < leaves, orders[leaves + leaf] != .last else { return }
        set(leaf, order: .last, time: .max, amounts: Array(repeating: .max, count: width))
    }

    private mutating func update(above leaf: Int) {
        var node = leaf / 2
        while node >= 1 {
            combine(node)
            visits += 1
            node /= 2
        }
    }

    private mutating func combine(_ node: Int) {
        orders[node] = min(orders[2 * node], orders[2 * node + 1])
        times[node] = min(times[2 * node], times[2 * node + 1])
        for index in 0..<width {
            minima[node * width + index] = min(minima[2 * node * width + index], minima[(2 * node + 1) * width + index])
        }
    }

    private mutating func grow() {
        let old = self
        leaves *= 2
        orders = Array(repeating: .last, count: 2 * leaves)
        times = Array(repeating: .max, count: 2 * leaves)
        minima = Array(repeating: .max, count: 2 * leaves * width)
        for leaf in 0..<old.leaves {
            orders[leaves + leaf] = old.orders[old.leaves + leaf]
            times[leaves + leaf] = old.times[old.leaves + leaf]
            for index in 0..<width { minima[(leaves + leaf) * width + index] = old.minima[(old.leaves + leaf) * width + index] }
        }
        for node in stride(from: leaves - 1, through: 1, by: -1) { combine(node) }
    }

    /// The class that is first in line.
    mutating func first() -> Int? {
        guard orders[1] != .last else { return nil }
        var node = 1
        while node < leaves {
            node = orders[2 * node] == orders[node] ? 2 * node : 2 * node + 1
            visits += 1
        }
        return node - leaves
    }

    /// The class that is first in line among those that fit.
    mutating func first(within room: Room) -> Int? {
        var best: (order: Order, node: Int) = (.last, 0)
        search(1, room, &best)
        return best.node == 0 ? nil : best.node - leaves
    }

    private mutating func search(_ node: Int, _ room: Room, _ best: inout (order: Order, node: Int)) {
        visits += 1
        guard orders[node] < best.order, mayFit(node, room) else { return }
        guard node < leaves else {
            best = (orders[node], node)
            return
        }
        let earlier = orders[2 * node] < orders[2 * node + 1] ? 2 * node : 2 * node + 1
        search(earlier, room, &best)
        search(earlier ^ 1, room, &best)
    }

    private func mayFit(_ node: Int, _ room: Room) -> Bool {
        let short = times[node] <= room.window
        for index in 0..<width {
            let amount = minima[node * width + index]
            guard amount <= room.free[index], short || amount <= room.extra[index] else { return false }
        }
        return true
    }
}
