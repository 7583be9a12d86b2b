import TestSupport

extension MixedLoad {
    /// An order of any kind, and the words of a submit that asks for it.
    static func order(_ number: Int, _ random: inout SeededGenerator) -> (Order, [String]) {
        var order = Order(name: "order-\(number)")
        var words = ["--memory", "32M", "--scratch", "1M", "--pids", "64", "--grace-period", "1s"]
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        if chance(40) {
            let first = Int.random(in: 0...5, using: &random)
            let indices = Array(first...(first + Int.random(in: 0...4, using: &random)))
            order.indices = indices
            words += ["--array", "\(first)-\(indices[indices.count - 1])"]
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: order.endings = [.code(chance(70) ? 0 : Int.random(in: 1...100, using: &random))]
        case 5..<7:
            order.endings = [.code(Int.random(in: 1...9, using: &random)), chance(50) ? .signal("KILL") : .code(3), .code(0)]
            order.retries = Int.random(in: 1...2, using: &random)
            words += ["--retries", "count=\(order.retries),backoff=\(chance(50) ? "0s" : "200ms")"]
        case 7: order.endings = [.signal(chance(50) ? "KILL" : "USR1")]
        case 8:
            order.endings = [.never]
            words += ["--time-limit", "1s"]
        default: order.endings = [.code(0)]
        }
        if chance(35) {
            order.isExclusive = true
            words += ["--cores", "1"]
        } else {
            words += ["--cpu", "0.3"]
        }
        if chance(20) {
            order.licences = Int.random(in: 1...2, using: &random)
            words += ["--resources", "licence=\(order.licences)"]
        }
        if chance(50) {
            order.rerunsOnLoss = true
            words += ["--rerun", "on-loss"]
        }
        if chance(40), let batch = ["day", "night"].randomElement(using: &random) {
            order.batch = batch
            words += ["--batch", batch]
        }
        if chance(12) { words.append("--hold") }
        let ticks = Int.random(in: 0...8, using: &random)
        return (order, words + ["--wrap", Journal.script(for: order, ticks: ticks, burns: chance(25))])
    }
}
