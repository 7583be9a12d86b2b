import JobModel
import LinuxSys

/// Moments in the past as people type them.
enum MomentParser {
    static let accepted = "a span back such as 7d or 90m, or a date such as 2026-11-24 or 2026-11-24T18:00"

    static func past(_ text: String, _ flag: String, now: WallTime) throws -> WallTime {
        if let moment = date(text) { return moment }
        guard let span = TimeSpan(text: text) else { throw CommandFailure.usage("\(flag): found '\(text)', accepted is \(accepted)") }
        return WallTime(milliseconds: now.milliseconds - span.milliseconds)
    }

    /// In the machine's time zone.
    static func date(_ text: String) -> WallTime? {
        let sides = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        let day = sides[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let clock = sides.count == 2 ? sides[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) } : [0, 0]
        guard day.count == 3, let year = day[0], let month = day[1], let date = day[2], (2...3).contains(clock.count), !clock.contains(nil),
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(date)
        else { return nil }
        let parts = clock.compactMap { $0 }
        guard (0...23).contains(parts[0]), parts.dropFirst().allSatisfy({ (0...59).contains($0) }) else { return nil }
        let seconds = Int64(days(year, month, date)) * 86400 + Int64(parts[0] * 3600 + parts[1] * 60 + (parts.count == 3 ? parts[2] : 0))
        // The offset of about that moment; right but in the hour of a change of the clock.
        let offset = LocalTime(secondsSince1970: seconds).secondsFromUTC
        return WallTime(milliseconds: (seconds - Int64(offset)) * 1000)
    }

    /// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days come last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let (era, inEra) = (shifted / 400, shifted % 400)
        let inYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468
    }
}
