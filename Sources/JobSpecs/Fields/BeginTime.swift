import JobModel

/// Moments as people write them, in the zone of the submitter unless one is given.
enum BeginTime {
    static let accepted = "now+1h, +30m, 18:00, tomorrow, 2030-01-31, 2030-01-31T18:00[:30], with Z or +02:00 for a zone"

    static func parse(_ text: String, context: SpecContext) -> WallTime? {
        let text = text.lowercased()
        if text == "now" { return context.now }
        for prefix in ["now+", "+"] where text.hasPrefix(prefix) { return after(String(text.dropFirst(prefix.count)), context.now) }
        switch text {
        case "today", "midnight", "tomorrow", "noon": return named(text, context)
        default: break
        }
        if let seconds = clock(text) { return next(seconds, context) }
        return date(text, context)
    }

    /// `1h`, and Slurm's `1hour`, `2days`.
    private static func after(_ text: String, _ now: WallTime) -> WallTime? {
        var short = text
        for (long, unit) in [("hour", "h"), ("minute", "m"), ("second", "s"), ("day", "d"), ("week", "w")] {
            for ending in ["\(long)s", long] where short.hasSuffix(ending) { short = String(short.dropLast(ending.count)) + unit }
        }
        if short.hasSuffix("w"), let weeks = Int64(short.dropLast()), (0...10_000).contains(weeks) { return now + .hours(weeks * 168) }
        return TimeSpan(text: short).map { now + $0 }
    }

    private static let day: Int64 = 86_400

    /// Midnight that began the day, as seconds of local time.
    private static func midnight(_ context: SpecContext) -> Int64 {
        let local = floorDivide(context.now.milliseconds, 1000) + Int64(context.secondsFromUTC(context.now))
        return local - (local % day + day) % day
    }

    private static func named(_ word: String, _ context: SpecContext) -> WallTime? {
        switch word {
        case "noon": next(day / 2, context)
        case "today": context.now
        default: moment(midnight(context) + day, context)
        }
    }

    /// The next time that clocks show this.
    private static func next(_ seconds: Int64, _ context: SpecContext) -> WallTime? {
        let today = moment(midnight(context) + seconds, context)
        return today >= context.now ? today : moment(midnight(context) + day + seconds, context)
    }

    /// Local seconds to a moment; the offset is that of the moment itself, so that a change of the clocks in between counts.
    private static func moment(_ local: Int64, _ context: SpecContext) -> WallTime {
        var guess = WallTime(milliseconds: (local - Int64(context.secondsFromUTC(context.now))) * 1000)
        guess = WallTime(milliseconds: (local - Int64(context.secondsFromUTC(guess))) * 1000)
        return guess
    }

    /// `18:00` or `18:00:30` in seconds.
    private static func clock(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.count) }) else { return nil }
        let numbers = parts.compactMap { digits($0) }
        guard numbers.count == parts.count, numbers[0] < 24, numbers[1] < 60, numbers.count == 2 || numbers[2] < 60 else { return nil }
        return numbers[0] * 3600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
    }

    private static func date(_ text: String, _ context: SpecContext) -> WallTime? {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "t" || $0 == " " }
        guard let days = parts.first.flatMap(civilDays) else { return nil }
        guard parts.count == 2 else { return moment(days * day, context) }
        var time = parts[1]
        var zone: Int64?
        if time.hasSuffix("z") {
            zone = 0
            time = time.dropLast()
        } else if let sign = time.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            guard let offset = clock(time[time.index(after: sign)...]), offset <= 64_800 else { return nil }
            zone = time[sign] == "-" ? -offset : offset
            time = time[..<sign]
        }
        guard let seconds = clock(time) else { return nil }
        if let zone { return WallTime(milliseconds: (days * day + seconds - zone) * 1000) }
        return moment(days * day + seconds, context)
    }

    /// Days since 1970-01-01 of a Gregorian date; nil when there is no such day.
    private static func civilDays(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2 else { return nil }
        guard let year = digits(parts[0]), let month = digits(parts[1]), let dayOfMonth = digits(parts[2]), year >= 1970 else { return nil }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(dayOfMonth) else { return nil }
        let before = (year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400
        return before + lengths[..<(Int(month) - 1)].reduce(0, +) + dayOfMonth - 1
    }

    private static func digits(_ text: some StringProtocol) -> Int64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -((-a + b - 1) / b) }
}
