import JobModel
import LinuxSys

/// Moments and spans as people read them, in the machine's time zone.
struct MomentText {
    /// The daemon's wall clock, against which today is meant.
    var now: WallTime
    var local: @Sendable (WallTime) -> LocalTime = { LocalTime(secondsSince1970: $0.milliseconds / 1000) }

    /// `14:03:05` today, `Nov 24 14:03` this year, else `2025-11-24`.
    func short(_ moment: WallTime) -> String {
        let (there, here) = (local(moment), local(now))
        if (there.year, there.month, there.day) == (here.year, here.month, here.day) { return clock(there) }
        if there.year == here.year {
            return "\(Self.months[there.month - 1]) \(Self.two(there.day)) \(Self.two(there.hour)):\(Self.two(there.minute))"
        }
        return "\(there.year)-\(Self.two(there.month))-\(Self.two(there.day))"
    }

    /// `2026-11-24 14:03:05`.
    func full(_ moment: WallTime) -> String {
        let there = local(moment)
        return "\(there.year)-\(Self.two(there.month))-\(Self.two(there.day)) \(clock(there))"
    }

    /// `4:05`, `1:02:03`, `2-03:04:05`: as wide as its neighbours in a column.
    static func span(_ span: TimeSpan) -> String {
        let seconds = max(0, span.milliseconds / 1000)
        let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60)
        if days > 0 { return "\(days)-\(two(hours)):\(two(minutes)):\(two(seconds % 60))" }
        if hours > 0 { return "\(hours):\(two(minutes)):\(two(seconds % 60))" }
        return "\(minutes):\(two(seconds % 60))"
    }

    private func clock(_ time: LocalTime) -> String { "\(Self.two(time.hour)):\(Self.two(time.minute)):\(Self.two(time.second))" }
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static func two(_ number: some BinaryInteger) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
