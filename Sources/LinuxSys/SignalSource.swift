import Glibc
internal import Synchronization

/// Signals of this process as bytes that can be polled for: a handler writes each number into a pipe (signal-safety(7)). One at a time.
public final class SignalSource {
    // A handler has no context but globals.
    private static let pipeEnd = Atomic<Int32>(-1)

    /// Readable when a signal came.
    public let descriptor: Descriptor
    private let writing: Descriptor
    private let numbers: [Int32]

    /// Catches these signals until the object goes.
    ///
    /// - Parameter others: caught too, unless who started us had them ignored.
    public init(_ numbers: [Int32], unlessIgnored others: [Int32] = []) throws(SystemError) {
        let numbers = numbers + others.filter { !Self.isIgnored($0) }
        let (reading, writing) = try Descriptor.pipe(nonBlocking: true)
        descriptor = reading
        self.writing = writing
        self.numbers = numbers
        Self.pipeEnd.store(writing.rawValue, ordering: .releasing)
        for number in numbers {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = Glibc.errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = Glibc.write(SignalSource.pipeEnd.load(ordering: .acquiring), &byte, 1)
                Glibc.errno = saved
            }
            action.sa_flags = Int32(SA_RESTART)
            _ = try checked("catch signal", String(number)) { Int(sigaction(number, &action, nil)) }
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    deinit {
        for number in numbers { _ = signal(number, SIG_DFL) }
        Self.pipeEnd.store(-1, ordering: .releasing)
    }

    /// The signals that came since the last call, in order; empty if none.
    public func take() throws(SystemError) -> [Int32] {
        do throws(SystemError) { return try descriptor.read(upTo: 256).map { Int32($0) } } catch {
            if error.wouldBlock { return [] }
            throw error
        }
    }
}

/// Ends this process as an uncaught signal would, so that a shell sees why (signal(7)); returns only if that fails.
public func raiseDefault(_ number: Int32) {
    _ = signal(number, SIG_DFL)
    _ = raise(number)
}

/// Lets writes to a closed pipe fail with EPIPE instead of ending the process, or the other way round.
public func ignoreBrokenPipes(_ ignore: Bool) { _ = signal(SIGPIPE, ignore ? SIG_IGN : SIG_DFL) }
