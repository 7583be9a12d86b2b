internal import CLinux
internal import JobLog
internal import LaunchProgram

/// CRIU cannot dump a PID 1 whose binary is not in its mount namespace. A helper binds it at `/.berth/init` while the job is frozen, and a signal
/// makes PID 1 execute itself from there. Dumpable until SIGCONT; the capability to signal the job is lost, because the ids differ.
extension Monitor {
    private static let binary = ByteString("/.berth/init")

    /// Returns only when the exec failed; then PID 1 goes on as it is.
    func reexecute() {
        for descriptor in descriptors { _ = linux_set_close_on_exec(descriptor, 0) }
        // A new one is made after the exec; the signals that are pending stay so.
        _ = linux_set_close_on_exec(signals, 1)
        var arguments: [ByteString] = ["berth-init", "monitor"]
        for number in state { arguments.append(ByteString(number: Int(truncatingIfNeeded: Int64(bitPattern: number)))) }
        _ = JobCommand(arguments: [Self.binary] + arguments.dropFirst(), environment: []).execute()
    }

    /// Everything a monitor knows, as numbers.
    private var state: [UInt64] {
        var numbers = [
            bits(job), bits(control), bits(record), bits(inputWriter), bits(terminal), started, fileBytes, fileBytesDropped,
            UInt64(sources.count), log == nil ? 0 : 1,
        ]
        for source in sources { numbers += [bits(source.descriptor), UInt64(source.stream.rawValue), bits(source.file)] }
        if let log { numbers += [bits(log.descriptor)] + log.state }
        return numbers
    }

    /// The monitor after the exec; nil when the numbers are none.
    init?(state: [UInt64]) {
        guard state.count >= 10, state[8] <= 2 else { return nil }
        guard state.count == 10 + Int(state[8]) * 3 + (state[9] == 1 ? 1 + LogWriter.stateSize : 0) else { return nil }
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
        var place = 10
        for _ in 0..<state[8] {
            guard let stream = LogStream(rawValue: UInt8(truncatingIfNeeded: state[place + 1])) else { return nil }
            sources.append(MonitorSource(descriptor: descriptor(state[place]), stream: stream, file: descriptor(state[place + 2])))
            pending.append([])
            place += 3
        }
        if state[9] == 1 {
            log = LogWriter(file: descriptor(state[place]), state: Array(state[(place + 1)...]))
        }
        let opened = linux_signal_descriptor()
        guard opened >= 0 else { return nil }
        signals = Int32(truncatingIfNeeded: opened)
        reexecuted = true
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
        _ = linux_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        monitor.run()
    }
}

private func bits(_ number: Int32) -> UInt64 { UInt64(bitPattern: Int64(number)) }

private func descriptor(_ bits: UInt64) -> Int32 { Int32(truncatingIfNeeded: Int64(bitPattern: bits)) }
