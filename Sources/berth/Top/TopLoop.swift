import API
import Client
import JobModel
import LinuxSys

/// Plays `berth top` on a terminal, in one thread.
final class TopLoop {
    private let client: BerthClient
    private let interval: Int32
    private var state: TopState
    private var keys = TopKeyReader()
    private let signals: SignalSource
    private let terminal: RawTerminal

    private static let windowChange: Int32 = 28
    private static let goOn: Int32 = 18
    /// The bytes of one key come together; a pause as long ends a sequence.
    private static let keyMilliseconds: Int32 = 30

    /// - Parameter interval: milliseconds between two looks.
    init(_ client: BerthClient, _ state: TopState, interval: Int32) throws {
        self.client = client
        self.state = state
        self.interval = interval
        signals = try SignalSource([2, 15, Self.windowChange, Self.goOn], unlessIgnored: [1])
        terminal = try RawTerminal(.standardInput)
    }

    /// Until it is left.
    func run() throws {
        // The other screen, without a cursor; what was there before comes back at the end.
        Console.out("\u{1B}[?1049h\u{1B}[?25l")
        defer {
            terminal.restore()
            Console.out("\u{1B}[?25h\u{1B}[?1049l")
        }
        var due: UInt64 = 0
        while true {
            let now = bootNanoseconds() / 1_000_000
            if now >= due {
                try look()
                due = now + UInt64(interval)
            }
            draw()
            let left = due - min(due, bootNanoseconds() / 1_000_000)
            let ready = try poll([(.standardInput, .readable), (signals.descriptor, .readable)], milliseconds: Int32(clamping: left))
            if !ready[1].isEmpty, try !handleSignals() { return }
            if !ready[0].isEmpty {
                switch try handleKeys() {
                case .quit: return
                case .refresh: due = 0
                default: break
                }
            }
        }
    }

    private func look() throws {
        do throws(ClientError) {
            state.take(try client.use())
        } catch {
            guard error.isLoss else { throw error }
            state.message = "berthd is gone; waiting for it"
        }
    }

    private func draw() {
        let extent = Descriptor.standardOutput.terminalExtent
        let page = TopPage(
            state: state, style: .forOutput, width: extent.map { Int($0.columns) } ?? 80, height: extent.map { Int($0.rows) - 1 } ?? 23,
            moments: MomentText(now: state.reply?.now ?? WallTime(milliseconds: 0)))
        Screen.draw(page.render())
    }

    /// False when one of them ends the program.
    private func handleSignals() throws -> Bool {
        for number in try signals.take() {
            switch number {
            case Self.windowChange: break
            case Self.goOn: try terminal.enter()
            default: return false
            }
        }
        return true
    }

    private func handleKeys() throws -> TopState.Request? {
        let bytes = (try? Descriptor.standardInput.read(upTo: 256)) ?? []
        // A terminal that hung up.
        guard !bytes.isEmpty else { return .quit }
        var pressed = keys.keys(bytes, isWhole: false)
        if pressed.isEmpty, try poll(.standardInput, for: .readable, milliseconds: Self.keyMilliseconds).isEmpty {
            pressed = keys.keys([], isWhole: true)
        }
        for key in pressed {
            guard let request = state.press(key) else { continue }
            if request == .quit { return .quit }
            if request != .refresh { try act(request) }
            return .refresh
        }
        return nil
    }

    private func act(_ request: TopState.Request) throws {
        let (route, verb, task): (Route, String, TaskID)
        switch request {
        case .pause(let id): (route, verb, task) = (.pause, "paused", id)
        case .resume(let id): (route, verb, task) = (.resume, "resumed", id)
        case .cancel(let id): (route, verb, task) = (.cancel, "cancelled", id)
        case .refresh, .quit: return
        }
        do throws(ClientError) {
            let selector = TaskSelector(task.job, indices: task.index == nil ? nil : IntervalSet([task.slot]))
            let text = ActionText(verb: verb, reply: try client.act(route, ActionRequest(Selection([selector]))))
            state.message = text.refusals.first ?? text.summary ?? "nothing to do"
        } catch { state.message = Escaping.oneLine("\(error)") }
    }
}
