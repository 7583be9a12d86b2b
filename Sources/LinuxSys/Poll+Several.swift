import Glibc

/// Waits for several descriptors (poll(2)), regular files included, which are always ready; the result is in the order of `wanted`.
///
/// All empty: the time passed. Nil waits for ever. A signal starts the wait anew, unless its `SignalSource` is among them.
public func poll(_ wanted: [(Descriptor, Readiness)], milliseconds: Int32?) throws(SystemError) -> [Readiness] {
    var requests = wanted.map { pollfd(fd: $0.0.rawValue, events: Int16(truncatingIfNeeded: $0.1.rawValue), revents: 0) }
    while true {
        let result = Glibc.poll(&requests, nfds_t(requests.count), milliseconds ?? -1)
        if result >= 0 { return requests.map { Readiness(rawValue: UInt32(UInt16(bitPattern: $0.revents))) } }
        let number = Glibc.errno
        if number != EINTR { throw SystemError("poll", "\(wanted.count) descriptors", errno: number) }
    }
}
