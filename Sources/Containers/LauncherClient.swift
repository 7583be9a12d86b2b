import LaunchProgram
public import LinuxSys
import Synchronization

/// The daemon's end of its launcher: one request at a time goes out, answers come back on a socket of their own.
///
/// The launcher is single-threaded and small; it dies with its daemon, when this socket closes.
public final class LauncherClient: Sendable {
    public let process: ProcessHandle
    private let socket: Descriptor
    private let reactor: Reactor
    /// A request with its descriptors may take several packets, which must not mix.
    private let sending = Mutex(())

    private init(process: ProcessHandle, socket: Descriptor, reactor: Reactor) {
        self.process = process
        self.socket = socket
        self.reactor = reactor
    }

    /// Starts a launcher on a run root and waits until it holds the lock: from then on no earlier launcher can clone. Blocks.
    ///
    /// - Parameters:
    ///   - patience: in milliseconds; after that long `whenLate` is told what it waits for, once.
    public static func start(
        program: String, runRoot: String, reactor: Reactor, patience: Int32 = 5000, whenLate: (String) -> Void = { _ in }
    ) throws(LaunchError) -> LauncherClient {
        do throws(SystemError) {
            let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
            let spawn = Spawn(path: program, arguments: [program, "launcher", runRoot], descriptors: [3: theirs], newSession: true)
            let process = try spawn.run()
            theirs.close()
            if try poll(ours, for: .readable, milliseconds: patience).isEmpty { whenLate(LockHolders(runRoot: runRoot).description) }
            let message = try ours.receive()
            guard let answer = try? LauncherAnswer(decoding: message.bytes), case .ready = answer else {
                // One that lives, because it is of another version, ends with its socket.
                ours.close()
                let end = try? process.wait()
                let what = message.bytes.isEmpty ? "it ended before it was ready" : "its answer is of another version"
                throw SystemError("start the launcher", program, errno: 0, detail: what + (end.map { ": \($0)" } ?? ""))
            }
            return LauncherClient(process: process, socket: ours, reactor: reactor)
        } catch {
            throw LaunchError(error)
        }
    }

    /// Closes the socket, which ends the launcher; what it started goes on.
    public func stop() {
        // First, so that nobody is left waiting in a send; then no other thread has the number in use when it is closed.
        try? socket.shutDown()
        sending.withLock { _ in socket.close() }
        _ = try? process.wait()
    }

    /// Sends a request; its answers come on the exchange.
    func send(_ request: LauncherRequest, program: [UInt8]? = nil, table: [Descriptor]) throws(LaunchError) -> Exchange {
        let (ours, theirs): (Descriptor, Descriptor)
        var descriptors: [Descriptor]
        do throws(SystemError) {
            (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
            descriptors = [theirs]
            if let program {
                let file = try Descriptor.memoryFile("berth-program", sealable: false)
                try file.write(program)
                try file.seek(to: 0)
                descriptors.append(file)
            }
        } catch {
            throw LaunchError(error)
        }
        try deliver(request, descriptors + table)
        theirs.close()
        do throws(SystemError) { return try Exchange(ours, reactor: reactor) } catch { throw LaunchError(error) }
    }

    /// Sends a request that has one answer and waits for it. Blocks.
    func ask(_ request: LauncherRequest, table: [Descriptor]) throws(LaunchError) -> (LauncherAnswer, [Descriptor]) {
        let (ours, theirs): (Descriptor, Descriptor)
        do throws(SystemError) { (ours, theirs) = try Descriptor.socketPair(.sequencedPackets) } catch { throw LaunchError(error) }
        try deliver(request, [theirs] + table)
        theirs.close()
        let message: ReceivedMessage
        do throws(SystemError) { message = try ours.receive() } catch { throw LaunchError(error, isUnanswered: true) }
        guard let answer = try? LauncherAnswer(decoding: message.bytes) else {
            throw LaunchError(operation: "ask the launcher: it died", errno: "ESRCH", isUnanswered: true)
        }
        return (answer, message.descriptors)
    }

    /// Sends a request that has no answer.
    func tell(_ request: LauncherRequest) throws(LaunchError) { try deliver(request, []) }

    private func deliver(_ request: LauncherRequest, _ descriptors: [Descriptor]) throws(LaunchError) {
        do throws(SystemError) { try deliverPackets(request, descriptors) } catch {
            // EPIPE, ECONNRESET: it is dead. Descriptors and memory may be short too, and are for the next try as well.
            throw LaunchError(error, isUnanswered: true)
        }
    }

    private func deliverPackets(_ request: LauncherRequest, _ descriptors: [Descriptor]) throws(SystemError) {
        try sending.withLock { _ throws(SystemError) in
            guard !socket.isClosed else { throw SystemError("send to", "the launcher", errno: SystemError.brokenPipe) }
            var rest = descriptors[...]
            let most = LaunchLimits.descriptorsPerPacket
            while rest.count > most {
                try socket.send(LauncherRequest.moreDescriptors.encoded(), descriptors: Array(rest.prefix(most)))
                rest = rest.dropFirst(most)
            }
            try socket.send(request.encoded(), descriptors: Array(rest))
        }
    }
}

/// The answers to one request, in order, with their descriptors; ends after the final one or when the process behind it died.
final class Exchange: Sendable {
    typealias Answer = (LauncherAnswer, [Descriptor])
    private let answers: AsyncStream<Answer>
    private let socket: Descriptor
    /// What is told without waking whoever waits for the next answer.
    private let told = Mutex(Told())

    private struct Told {
        var process: ProcessHandle?
        var times = LauncherTimes()
        var hasExited = false
        var exitHandler: (@Sendable () -> Void)?
    }

    /// PID 1, or the process of an exec, as soon as the launcher has told.
    var process: ProcessHandle? { told.withLock { $0.process } }
    /// Of the launcher's part, told with it.
    var times: LauncherTimes { told.withLock { $0.times } }

    init(_ socket: Descriptor, reactor: Reactor) throws(SystemError) {
        self.socket = socket
        let (stream, continuation) = AsyncStream.makeStream(of: Answer.self)
        answers = stream
        try socket.setNonBlocking()
        try reactor.watch(socket, .readable) { [self] _ in
            while true {
                do throws(SystemError) {
                    let message = try socket.receive()
                    guard !message.bytes.isEmpty, let answer = try? LauncherAnswer(decoding: message.bytes) else {
                        continuation.finish()
                        return false
                    }
                    if case .started(let pid, let times) = answer {
                        if let pidfd = message.descriptors.first { cloned(ProcessHandle(pid: pid, descriptor: pidfd), times) }
                        continue
                    }
                    if case .exited = answer { exited() }
                    continuation.yield((answer, message.descriptors))
                } catch {
                    if error.wouldBlock { return true }
                    continuation.finish()
                    return false
                }
            }
        }
    }

    private func cloned(_ process: ProcessHandle, _ times: LauncherTimes) {
        told.withLock { ($0.process, $0.times) = (process, times) }
    }

    private func exited() {
        let handler = told.withLock { told in
            told.hasExited = true
            return told.exitHandler.take()
        }
        handler?()
    }

    /// Calls `handler` when the exit record is written; at once if it is.
    func whenExited(_ handler: @escaping @Sendable () -> Void) {
        let isLate = told.withLock { told in
            if !told.hasExited { told.exitHandler = handler }
            return told.hasExited
        }
        if isLate { handler() }
    }

    /// What a start that waits goes on with.
    func sendGo() throws(SystemError) { _ = try socket.send([1], descriptors: []) }

    /// Who waits at the other end sees the end of file.
    func close() { try? socket.shutDown() }

    /// The next answer; nil when no more come. Called by one task at a time.
    func next() async -> Answer? {
        var iterator = answers.makeAsyncIterator()
        return await iterator.next()
    }
}
