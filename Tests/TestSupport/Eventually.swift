import LinuxSys
public import Testing

/// Asks again and again until the answer is there; nil at the deadline, which is generous because the machine is shared.
public func poll<T>(seconds: Double = 30, every milliseconds: UInt64 = 30, _ body: () throws -> T?) rethrows -> T? {
    let end = bootNanoseconds() + UInt64(seconds * 1e9)
    while true {
        if let found = try body() { return found }
        if bootNanoseconds() > end { return nil }
        sleepBlocking(nanoseconds: milliseconds * 1_000_000)
    }
}

/// Expects that something becomes true before the deadline.
public func eventually(
    _ what: Comment, seconds: Double = 30, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Bool
) rethrows {
    let found = try poll(seconds: seconds) { try body() ? true : nil }
    #expect(found == true, what, sourceLocation: sourceLocation)
}
