internal import JobModel

/// Time from left to right of a drawing, with ticks at times that people would choose.
struct TimeAxis {
    var from: WallTime
    var until: WallTime
    var left: Double
    var width: Double
    /// Seconds east of UTC.
    var offset: Int64

    /// In seconds.
    private static let steps: [Int64] = [1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 7_776_000]
    private static let mostTicks: Int64 = 9

    func x(_ time: WallTime) -> Double {
        let whole = Double(max(until.milliseconds - from.milliseconds, 1))
        return left + width * Double(time.milliseconds - from.milliseconds) / whole
    }

    struct Tick: Equatable {
        var time: WallTime
        var label: String
    }

    var ticks: [Tick] {
        let span = max((until.milliseconds - from.milliseconds) / 1000, 1)
        let step = Self.steps.first { span / $0 <= Self.mostTicks } ?? (span / Self.mostTicks / 7_776_000 + 1) * 7_776_000
        let start = from.milliseconds / 1000 + offset
        var second = (start + step - 1) / step * step
        var found: [Tick] = []
        var lastDay: Int64?
        while second <= until.milliseconds / 1000 + offset {
            let day = second / 86_400
            found.append(Tick(time: WallTime(milliseconds: (second - offset) * 1000), label: label(second, step, isNewDay: day != lastDay)))
            lastDay = day
            second += step
        }
        return found
    }

    private func label(_ second: Int64, _ step: Int64, isNewDay: Bool) -> String {
        let day = Days.label(second / 86_400)
        if step >= 86_400 { return day }
        return isNewDay ? "\(day.dropFirst(5)) \(Self.clock(second, seconds: step < 60))" : Self.clock(second, seconds: step < 60)
    }

    private static func clock(_ second: Int64, seconds: Bool) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(second / 3600 % 24)):\(two(second / 60 % 60))"
        return seconds ? "\(clock):\(two(second % 60))" : clock
    }

    /// `2026-11-24 14:03:05`.
    func full(_ time: WallTime) -> String {
        let second = time.milliseconds / 1000 + offset
        return "\(Days.label(second / 86_400)) \(Self.clock(second, seconds: true))"
    }

    /// Lines and labels below a drawing.
    func svg(top: Double, bottom: Double) -> String {
        ticks.map { tick in
            let x = x(tick.time)
            return SVG.line("grid", x, x, top, bottom) + SVG.text("tick", x, bottom + 16, tick.label, anchor: "middle")
        }.joined()
    }
}
