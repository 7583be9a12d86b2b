import API
import Client
import JobModel
import LinuxSys

/// Plays one session on this terminal or on pipes, in one thread: input up, output down, signals on.
final class SessionLoop {
    struct Settings {
        var kind: SessionRequest.Kind
        var task: TaskID
        /// Read our input and send it on.
        var forwardsInput: Bool
        /// The other side has a terminal.
        var terminal: Bool
        var cancelWhenLost = false
    }

    /// How long a daemon that went away is looked for again; the job runs on meanwhile.
    private static let returnMilliseconds: UInt64 = 60_000

    let client: BerthClient
    let settings: Settings
    private var connection: SessionConnection?
    private var raw: RawTerminal?
    private let signals: SignalSource
    private var interrupts = InterruptRule()
    private var detachKeys = DetachKeys()
    private var inputOpen: Bool
    private var sent: UInt64 = 0
    private var taken: UInt64 = 0
    private var position: UInt64?
    private var hasStarted: Bool
    private var lastStatus: String?
    private var gaps = GapNotes("dropped")

    private enum Number {
        static let hangUp: Int32 = 1
        static let interrupt: Int32 = 2
        static let quit: Int32 = 3
        static let terminate: Int32 = 15
        static let `continue`: Int32 = 18
        static let windowChange: Int32 = 28
    }

    init(_ client: BerthClient, _ settings: Settings) throws {
        self.client = client
        self.settings = settings
        inputOpen = settings.forwardsInput
        hasStarted = settings.kind == .exec
        let wanted = [Number.interrupt, Number.quit, Number.terminate, Number.continue, Number.windowChange]
        // One that is ignored (nohup) stays so.
        signals = try SignalSource(wanted, unlessIgnored: [Number.hangUp])
    }

    /// The status that the command ends with.
    func run(_ session: SessionID) throws -> Int32 {
        defer { end() }
        connection = try SessionConnection(client, session)
        if settings.terminal, Descriptor.standardInput.isTerminal {
            if Descriptor.standardInput.isForeground { raw = try RawTerminal(.standardInput) }
            sendSize()
        }
        while true {
            do throws(ClientError) {
                if let status = try turn() { return status }
            } catch {
                guard error.isLoss, settings.kind != .exec else { throw error }
                if let status = try comeBack(after: error) { return status }
            }
        }
    }

    private func end() {
        raw?.restore()
        connection?.close()
    }

    /// Waits for one thing to happen and does it; a status ends the session.
    private func turn() throws(ClientError) -> Int32? {
        guard let connection else { throw .closed }
        if connection.hasBuffered { return try receive(connection) }
        let wantsInput = inputOpen && sent - taken < UInt64(APILimit.inputWindow)
        var wanted: [(Descriptor, Readiness)] = [(connection.descriptor, .readable), (signals.descriptor, .readable)]
        if wantsInput { wanted.append((.standardInput, .readable)) }
        let ready = try wait(wanted)
        if !ready[1].isEmpty, let status = try handleSignals() { return status }
        if !ready[0].isEmpty, let status = try receive(connection) { return status }
        if wantsInput, !ready[2].isEmpty { forwardInput(connection) }
        return nil
    }

    private func wait(_ wanted: [(Descriptor, Readiness)]) throws(ClientError) -> [Readiness] {
        do throws(SystemError) { return try poll(wanted, milliseconds: nil) } catch { throw .socket(error) }
    }

    // MARK: up

    private func forwardInput(_ connection: SessionConnection) {
        let room = UInt64(APILimit.inputWindow) - (sent - taken)
        // An input that cannot be read (a terminal that hung up) is at its end.
        let bytes = (try? Descriptor.standardInput.read(upTo: Int(min(room, 32 << 10)))) ?? []
        guard !bytes.isEmpty else {
            inputOpen = false
            send(.eof)
            return
        }
        let (forward, detached) = raw == nil ? (bytes, false) : detachKeys.feed(bytes)
        if !forward.isEmpty {
            sent += UInt64(forward.count)
            send(.input(forward))
        }
        if detached {
            inputOpen = false
            send(.detach)
        }
    }

    /// A way up that is closed is no loss by itself: what comes down tells how it ended.
    private func send(_ frame: Frame) { try? connection?.send(frame) }

    private func sendSize() {
        guard let size = Descriptor.standardInput.terminalExtent else { return }
        send(.resize(TerminalSize(rows: size.rows, columns: size.columns)))
    }

    private func handleSignals() throws(ClientError) -> Int32? {
        for number in (try? signals.take()) ?? [] {
            switch number {
            case Number.windowChange: if settings.terminal { sendSize() }
            case Number.continue:
                // Somebody stopped us; the shell has set the terminal its own way meanwhile.
                if Descriptor.standardInput.isForeground { try? raw?.enter() }
                if settings.terminal { sendSize() }
            case Number.interrupt:
                let action = interrupts.interrupt(at: bootNanoseconds() / 1_000_000, hasStarted: hasStarted)
                if let status = try act(action, on: number) { return status }
            default: if let status = try act(interrupts.end(hasStarted: hasStarted), on: number) { return status }
            }
        }
        return nil
    }

    private func act(_ action: InterruptRule.Action, on number: Int32) throws(ClientError) -> Int32? {
        switch action {
        // A terminal that hung up takes its programs along, as everywhere; a job has none of ours.
        case .forward where number == Number.hangUp: return 128 + number
        case .forward: send(.signal(number))
        case .leave: return 128 + number
        case .cancel:
            guard settings.kind == .run else {
                // The job is not ours to cancel; closing the session ends an exec.
                note("left \(settings.task)")
                return 128 + number
            }
            note("cancelling \(settings.task)")
            _ = try client.act(.cancel, ActionRequest(Selection([TaskSelector(settings.task)])))
        }
        return nil
    }

    // MARK: down

    private func receive(_ connection: SessionConnection) throws(ClientError) -> Int32? {
        guard let frames = try connection.receive() else { throw .closed }
        for frame in frames { if let status = try take(frame) { return status } }
        return nil
    }

    private func take(_ frame: Frame) throws(ClientError) -> Int32? {
        switch frame {
        case .hello(let version):
            guard version == Frame.version else { throw .unexpected("frames of version \(version), this berth knows \(Frame.version)") }
        case .stdout(let chunk): try write(chunk, to: .standardOutput)
        case .stderr(let chunk): try write(chunk, to: .standardError)
        case .dropped(let count): gaps.add(count)
        case .taken(let count): taken = min(max(count, taken), sent)
        case .started: hasStarted = true
        case .status(let json):
            // Between two attempts there is nobody to get a signal either.
            hasStarted = false
            showStatus(json)
        case .exit(let status, let outcome):
            gaps.rest().map(note)
            tellOutcome(outcome)
            return status
        case .detached:
            gaps.rest().map(note)
            note("detached from \(settings.task); come back with: berth attach \(settings.task)")
            return 0
        case .error(let json): throw .refused((try? JSONFrame.decode(APIError.self, json)) ?? APIError(.internal, "the session failed"))
        default: break
        }
        return nil
    }

    private func write(_ chunk: LogChunk, to descriptor: Descriptor) throws(ClientError) {
        hasStarted = true
        gaps.due().map(note)
        if chunk.position > 0 { position = chunk.position }
        do throws(SystemError) { try descriptor.write(chunk.bytes) } catch { throw .unexpected("\(error)") }
    }

    /// Why the job waits, once for each new reason.
    private func showStatus(_ json: [UInt8]) {
        guard Descriptor.standardError.isTerminal, let group = try? JSONFrame.decode(TaskGroup.self, json) else { return }
        let reasons = (group.reasons ?? []).map { Escaping.oneLine($0.text) }.joined(separator: "; ")
        let text = "\(settings.task) is \(StateText.word(group))" + (reasons.isEmpty ? "" : ": \(reasons)")
        if text != lastStatus { note(text) }
        lastStatus = text
    }

    /// What the exit status alone would not tell.
    private func tellOutcome(_ outcome: String) {
        if let text = Self.text(of: outcome, settings.task) { note(text) }
    }

    static func text(of outcome: String, _ task: TaskID) -> String? {
        let isPlain = ["succeeded", "failed(", "killed("].contains { outcome.hasPrefix($0) }
        guard !isPlain, !outcome.isEmpty else { return nil }
        let plain = Escaping.oneLine(outcome)
        guard plain.hasPrefix("startFailed("), plain.hasSuffix(")") else { return "\(task) ended as \(plain)" }
        return "\(task): could not start: \(plain.dropFirst("startFailed(".count).dropLast())"
    }

    /// In raw mode a line ends only with a carriage return.
    private func note(_ text: String) { Console.error("berth: \(text)\(raw == nil ? "" : "\r")\n") }

    // MARK: loss

    /// Looks for the daemon again and takes the output up where it was; a status when the user has enough.
    private func comeBack(after loss: ClientError) throws -> Int32? {
        connection?.close()
        connection = nil
        let deadline = bootNanoseconds() / 1_000_000 + Self.returnMilliseconds
        while bootNanoseconds() / 1_000_000 < deadline {
            // First, too: a daemon that ends every session at once must not be asked in a tight loop.
            sleepBlocking(nanoseconds: 200_000_000)
            let came = (try? signals.take()) ?? []
            if let end = came.first(where: { $0 != Number.continue && $0 != Number.windowChange }) { return 128 + end }
            do throws(ClientError) {
                var request = SessionRequest(settings.kind, task: settings.task)
                request.cancelWhenLost = settings.kind == .run ? settings.cancelWhenLost : nil
                request.position = position
                connection = try SessionConnection(client, try client.createSession(request).session)
                // What was under way is lost; what the new session takes is counted anew.
                (sent, taken) = (0, 0)
                if !inputOpen, settings.forwardsInput { send(.eof) }
                return nil
            } catch {
                guard error.isLoss else { throw error }
            }
        }
        throw loss
    }
}
