import API
import Containers
import FoundationEssentials
import JobModel
import LinuxSys
import NodeAgent

/// The pipes between a session and a process that it started; none with a terminal.
struct ExecStreamSet {
    let streams: ExecStreams
    /// Ours; nil without input.
    let input: Descriptor?
    private let output: Descriptor?
    private let error: Descriptor?
    private let theirs: [Descriptor]

    init(_ request: ExecRequest) throws(SystemError) {
        if let size = request.terminal {
            streams = .terminal(size)
            (input, output, error, theirs) = (nil, nil, nil, [])
            return
        }
        let out = try Descriptor.pipe()
        let err = try Descriptor.pipe()
        var read = try Descriptor.open("/dev/null", .readOnly)
        var write: Descriptor?
        if request.interactive {
            let pipe = try Descriptor.pipe()
            (read, write) = (pipe.reading, pipe.writing)
            try pipe.writing.setNonBlocking()
        }
        try out.reading.setNonBlocking()
        try err.reading.setNonBlocking()
        streams = .descriptors(input: read, output: out.writing, error: err.writing)
        (input, output, error) = (write, out.reading, err.reading)
        theirs = [read, out.writing, err.writing]
    }

    /// The process has its own by now; with ours open we would never see the end.
    func closeTheirs() { for descriptor in theirs { descriptor.close() } }

    /// Copies what the process prints until it closes its streams, or the task is cancelled: others of its processes may keep them open.
    func copy(_ master: Descriptor?, to sink: FrameOutput, _ reactor: Reactor) async throws {
        if let master {
            try master.setNonBlocking()
            return try await Self.copy(master, reactor) { try await sink.write(Frame.stdout(LogChunk(at: wallNow(), bytes: $0)).encoded) }
        }
        guard let output, let error else { return }
        async let first: Void = Self.copy(output, reactor) { try await sink.write(Frame.stdout(LogChunk(at: wallNow(), bytes: $0)).encoded) }
        async let second: Void = Self.copy(error, reactor) { try await sink.write(Frame.stderr(LogChunk(at: wallNow(), bytes: $0)).encoded) }
        _ = try await (first, second)
    }

    private static func copy(_ source: Descriptor, _ reactor: Reactor, _ emit: ([UInt8]) async throws -> Void) async throws {
        while true {
            let bytes: [UInt8]
            do throws(SystemError) { bytes = try source.read(upTo: 1 << 16) } catch {
                // The end of a terminal is EIO.
                guard error.wouldBlock else { return }
                try await reactor.untilReadable(source)
                if Task.isCancelled { return }
                continue
            }
            if bytes.isEmpty { return }
            try await emit(bytes)
        }
    }
}

func wallNow() -> WallTime { WallTime(milliseconds: Int64(wallNanoseconds() / 1_000_000)) }

/// Input of a process started by `exec`.
struct ExecInput: InputSink {
    let process: ExecProcess
    let pipe: Descriptor?
    let master: Descriptor?

    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        guard let target = pipe ?? master else { return bytes.count }
        return try target.writeWhatFits(Array(bytes))
    }

    func close() throws(SystemError) {
        // A terminal's end of input is a control character that the client sends.
        pipe?.close()
    }

    func resize(_ size: TerminalSize) throws(SystemError) { try master?.setWindowSize(rows: size.rows, columns: size.columns) }
    func signal(_ number: Int32) throws(SystemError) { try process.process.signal(number) }
}
