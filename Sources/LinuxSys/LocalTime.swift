import Glibc

/// A moment in the machine's time zone, or in that of the variable TZ (localtime(3)).
public struct LocalTime: Sendable, Hashable {
    /// Such as 2026.
    public var year: Int
    /// From 1.
    public var month: Int
    /// Of the month, from 1.
    public var day: Int
    /// From 0 to 23.
    public var hour: Int
    /// From 0 to 59.
    public var minute: Int
    /// From 0 to 60.
    public var second: Int
    /// Seconds east of UTC at that moment.
    public var secondsFromUTC: Int

    /// From seconds since 1970; UTC where the C library cannot tell.
    public init(secondsSince1970: Int64) {
        var moment = time_t(secondsSince1970)
        var fields = tm()
        if localtime_r(&moment, &fields) == nil { gmtime_r(&moment, &fields) }
        year = Int(fields.tm_year) + 1900
        month = Int(fields.tm_mon) + 1
        day = Int(fields.tm_mday)
        hour = Int(fields.tm_hour)
        minute = Int(fields.tm_min)
        second = Int(fields.tm_sec)
        secondsFromUTC = fields.tm_gmtoff
    }
}
