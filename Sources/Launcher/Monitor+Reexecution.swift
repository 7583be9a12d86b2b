internal import CLinux
internal import JobLog
internal import LaunchProgram

/// CRIU cannot dump a PID 1 whose binary is not in its mount namespace. A helper binds it at `/.berth/init` while the job is frozen, and a message
/// makes PID 1 execute itself from there. Dumpable from then on, until the message that lets it go on: docs/checkpoint.md.
extension Monitor {
    private static let binary = ByteString("/.berth/init")

    /// Once is enough, also for what a restore brought back: its binary is readable there, and an exec of that would be within the job's reach.
    ///
    /// The frozen job writes nothing more, so what is in its pipes and its terminal is taken first: a terminal's buffers are not sure to be kept.
    mutating func prepareDump() {
        takeWaiting()
        if !reexecuted { reexecute() }
        guard reexecuted else { return }
        usageBeforeDump.dumped(.ofChildren)
        _ = linux_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        isDumpable = true
    }

    /// Returns only when the exec failed; then PID 1 goes on as it is.
    private func reexecute() {
        let waiting = waitingBytes()
        guard waiting != .min else { return }
        for descriptor in descriptors { _ = linux_set_close_on_exec(descriptor, 0) }
        // A new one is made after the exec; the signals that are pending stay so.
        _ = linux_set_close_on_exec(signals, 1)
        var arguments: [ByteString] = ["berth-init", "monitor"]
        for number in state + [bits(waiting)] {
            arguments.append(ByteString(number: Int(truncatingIfNeeded: Int64(bitPattern: number))))
        }
        _ = JobCommand(arguments: [Self.binary] + arguments.dropFirst(), environment: []).execute()
        if waiting >= 0 { _ = linux_close(waiting) }
    }

    /// Bytes read from the job that a file has not taken yet, in a file of memory, one source's after the other's; -1 when there are none.
    /// `.min` when they cannot be kept: then PID 1 stays what it is.
    private func waitingBytes() -> Int32 {
        let bytes = pending.flatMap { $0 }
        if bytes.isEmpty { return -1 }
        let file = linux_memory_file("waiting")
        guard file >= 0 else { return .min }
        let number = Int32(truncatingIfNeeded: file)
        let written = bytes.withUnsafeBytes { linux_pwrite(number, $0.baseAddress, $0.count, 0) }
        guard written == bytes.count else {
            _ = linux_close(number)
            return .min
        }
        return number
    }

    /// Everything a monitor knows, as numbers.
    private var state: [UInt64] {
        var numbers = [
            bits(job), bits(control), bits(record), bits(inputWriter), bits(terminal), started, fileBytes, fileBytesDropped,
            UInt64(sources.count), log == nil ? 0 : 1,
        ]
        for (place, source) in sources.enumerated() {
            numbers += [bits(source.descriptor), UInt64(source.stream.rawValue), bits(source.file), UInt64(pending[place].count)]
        }
        if let log { numbers += [bits(log.descriptor)] + log.state }
        return numbers
    }

    /// The monitor after the exec; nil when the numbers are none.
    init?(state: [UInt64]) {
        guard state.count >= 11, state[8] <= 2 else { return nil }
        guard state.count == 11 + Int(state[8]) * 4 + (state[9] == 1 ? 1 + LogWriter.stateSize : 0) else { return nil }
        job = descriptor(state[0])
        control = descriptor(state[1])
        record = descriptor(state[2])
        inputWriter = descriptor(state[3])
        terminal = descriptor(state[4])
        // Close-on-exec: a socket to the daemon cannot be dumped.
        answer = -1
        started = state[5]
        fileBytes = state[6]
        fileBytesDropped = state[7]
        sources = []
        pending = []
        let waiting = descriptor(state[state.count - 1])
        var place = 10
        var taken: Int64 = 0
        for _ in 0..<state[8] {
            guard let stream = LogStream(rawValue: UInt8(truncatingIfNeeded: state[place + 1])) else { return nil }
            sources.append(MonitorSource(descriptor: descriptor(state[place]), stream: stream, file: descriptor(state[place + 2])))
            guard let bytes = Self.take(state[place + 3], from: waiting, at: taken) else { return nil }
            pending.append(bytes)
            taken += Int64(bytes.count)
            place += 4
        }
        if waiting >= 0 { _ = linux_close(waiting) }
        if state[9] == 1 {
            log = LogWriter(file: descriptor(state[place]), state: Array(state[(place + 1)..<(state.count - 1)]))
        }
        let opened = linux_signal_descriptor()
        guard opened >= 0 else { return nil }
        signals = Int32(truncatingIfNeeded: opened)
        reexecuted = true
    }

    private static func take(_ count: UInt64, from file: Int32, at offset: Int64) -> [UInt8]? {
        guard count > 0 else { return [] }
        // What one read gives.
        guard count <= 65_536 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let read = bytes.withUnsafeMutableBytes { linux_pread(file, $0.baseAddress, $0.count, offset) }
        return read == bytes.count ? bytes : nil
    }

    /// The role `monitor` of `berth-init`.
    static func resume(arguments: [ByteString]) -> Never {
        var state: [UInt64] = []
        for argument in arguments {
            let negative = argument.bytes.first == UInt8(ascii: "-")
            guard let magnitude = (negative ? ByteString(bytes: Array(argument.bytes.dropFirst())) : argument).number else {
                end(status: 2)
            }
            state.append(negative ? 0 &- magnitude : magnitude)
        }
        guard var monitor = Monitor(state: state) else { end(status: 2) }
        linux_ignore_signal(SIGXFSZ)
        linux_ignore_signal(SIGPIPE)
        _ = MonitorCapabilities.take()
        monitor.canSignal = MonitorCapabilities.maySignal
        monitor.prepareDump()
        monitor.run()
    }
}

private func bits(_ number: Int32) -> UInt64 { UInt64(bitPattern: Int64(number)) }

private func descriptor(_ bits: UInt64) -> Int32 { Int32(truncatingIfNeeded: Int64(bitPattern: bits)) }
