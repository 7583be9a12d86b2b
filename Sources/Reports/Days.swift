internal import JobModel

/// Days as the asker counts them.
struct Days: Sendable {
    let secondsFromUTC: @Sendable (WallTime) -> Int

    /// Days since 1970-01-01.
    func day(_ time: WallTime) -> Int64 {
        let local = time.milliseconds + Int64(secondsFromUTC(time)) * 1000
        let day: Int64 = 86_400_000
        return local >= 0 ? local / day : -((day - 1 - local) / day)
    }

    /// Such as `2026-11-24` (the civil calendar, by eras of 400 years).
    static func label(_ day: Int64) -> String {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let (date, number) = (ofYear - (153 * month + 2) / 5 + 1, month < 10 ? month + 3 : month - 9)
        let year = yearOfEra + era * 400 + (number <= 2 ? 1 : 0)
        return "\(year)-\(number < 10 ? "0" : "")\(number)-\(date < 10 ? "0" : "")\(date)"
    }
}
