extension Int64 {
    /// Sums of times that clients name end at the ends of the range: a trap would be the end of the daemon.
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}

/// A length of time in milliseconds. JSON: a plain number of milliseconds.
public struct TimeSpan: Hashable, Comparable, Sendable {
    public let milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static let zero = TimeSpan(milliseconds: 0)
    public static func seconds(_ n: Int64) -> TimeSpan { TimeSpan(milliseconds: n * 1000) }
    public static func minutes(_ n: Int64) -> TimeSpan { .seconds(n * 60) }
    public static func hours(_ n: Int64) -> TimeSpan { .minutes(n * 60) }
    public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.milliseconds < b.milliseconds }
    public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan { TimeSpan(milliseconds: a.milliseconds.saturatingAdd(b.milliseconds)) }
    public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan { TimeSpan(milliseconds: a.milliseconds.saturatingSubtract(b.milliseconds)) }
    /// Saturates at about 146 years, so that no span a user can write overflows a sum of times.
    public var nanoseconds: Int64 {
        let most = Int64.max / 2
        return milliseconds.magnitude > UInt64(most / 1_000_000) ? (milliseconds < 0 ? -most : most) : milliseconds * 1_000_000
    }
    public var inSeconds: Double { Double(milliseconds) / 1000 }
}

/// A point on the boot clock (CLOCK_BOOTTIME) in nanoseconds; only meaningful beside the boot it belongs to.
public struct BootTime: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public static func < (a: BootTime, b: BootTime) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: BootTime, b: TimeSpan) -> BootTime { BootTime(nanoseconds: a.nanoseconds.saturatingAdd(b.nanoseconds)) }
    public static func - (a: BootTime, b: BootTime) -> TimeSpan {
        TimeSpan(milliseconds: a.nanoseconds.saturatingSubtract(b.nanoseconds) / 1_000_000)
    }
}

/// A point on the wall clock in milliseconds since 1970 (UTC): for begin times, retention and display, never for limits or order.
public struct WallTime: Hashable, Comparable, Sendable {
    public let milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }
    public static func + (a: WallTime, b: TimeSpan) -> WallTime { WallTime(milliseconds: a.milliseconds.saturatingAdd(b.milliseconds)) }
    public static func - (a: WallTime, b: WallTime) -> TimeSpan { TimeSpan(milliseconds: a.milliseconds.saturatingSubtract(b.milliseconds)) }
    public static func - (a: WallTime, b: TimeSpan) -> WallTime { WallTime(milliseconds: a.milliseconds.saturatingSubtract(b.milliseconds)) }
}

/// Both clocks at one moment; the daemon's are injectable.
public struct Instant: Hashable, Sendable {
    public let boot: BootTime
    public let wall: WallTime
    public init(boot: BootTime, wall: WallTime) {
        self.boot = boot
        self.wall = wall
    }
}

extension TimeSpan: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(milliseconds: try PlainNumber.decode(Int64.self, decoder, accepted: "a plain number of milliseconds"))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension BootTime: Codable {
    public init(from decoder: any Decoder) throws { self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self)) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

extension WallTime: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(milliseconds: try PlainNumber.decode(Int64.self, decoder, accepted: "a plain number of milliseconds since 1970"))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension TimeSpan: CustomStringConvertible {
    /// What `init(text:)` accepts, for error messages.
    public static let accepted = "a time such as 90s, 15m, 2h, 1d, 1h30m, 250ms, HH:MM:SS, D-HH:MM:SS, or a number of seconds"

    /// Parses times as people write them, Slurm's `D-HH:MM:SS` included. A plain number is seconds.
    public init?(text: String) {
        guard let span = text.contains(":") ? Self.clock(text) : Self.units(text) else { return nil }
        self = span
    }

    private static func clock(_ text: String) -> TimeSpan? {
        var days: Int64 = 0
        var rest = Substring(text)
        if let dash = text.firstIndex(of: "-") {
            guard let value = Int64(text[..<dash]), value >= 0 else { return nil }
            days = value
            rest = text[text.index(after: dash)...]
        }
        let fields = rest.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard (2...3).contains(fields.count), fields.allSatisfy({ ($0 ?? -1) >= 0 && ($0 ?? 0) < 1_000_000 }), days < 1_000_000 else { return nil }
        let numbers = fields.compactMap { $0 }
        let seconds = numbers.count == 3 ? numbers[0] * 3600 + numbers[1] * 60 + numbers[2] : numbers[0] * 60 + numbers[1]
        return .seconds(days * 86400 + seconds)
    }

    private static func units(_ text: String) -> TimeSpan? {
        var total = 0.0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let scales: [String: Double] = ["": 1000, "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000]
            // A number without a unit stands alone: `1h30` could be meant as minutes or as seconds.
            guard let scale = scales[unit.lowercased()], !unit.isEmpty || digits.count == text.count else { return nil }
            total += number * scale
        }
        guard total < 9e15 else { return nil }
        return TimeSpan(milliseconds: Int64(total.rounded()))
    }

    /// A short form such as `1h30m`, `12s`, `250ms`.
    public var description: String {
        guard milliseconds >= 1000 else { return "\(milliseconds)ms" }
        if milliseconds < 60_000, milliseconds % 1000 != 0 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s" }
        let seconds = milliseconds / 1000
        let parts = [(seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        return parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0)\($0.1)" }.joined()
    }
}
