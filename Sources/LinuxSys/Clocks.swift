import Glibc

/// Nanoseconds since boot, sleep included (CLOCK_BOOTTIME).
public func bootNanoseconds() -> UInt64 { nanoseconds(CLOCK_BOOTTIME) }

/// Nanoseconds since 1970 (CLOCK_REALTIME); it can jump.
public func wallNanoseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) }

/// The number that the kernel drew at this boot, without dashes' meaning: `/proc/sys/kernel/random/boot_id`.
public func bootID() throws(SystemError) -> String {
    String(try readTextFile("/proc/sys/kernel/random/boot_id").prefix { !$0.isNewline })
}

/// Waits at least this long; blocks the thread.
public func sleepBlocking(nanoseconds: UInt64) {
    var rest = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = rest
    while nanosleep(&rest, &left) != 0, Glibc.errno == EINTR { rest = left }
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
