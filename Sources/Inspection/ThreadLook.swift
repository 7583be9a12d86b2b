import API
import LinuxSys

/// Where a thread waited just before its job was frozen: afterwards the kernel shows the freezer, not what it waited for.
struct ThreadLook: Hashable {
    var startTicks: UInt64
    var state: String
    var waitsIn: String?
    var kernelStack: [String]

    /// Nil when it is gone.
    init?(_ process: HeldProcess, _ thread: Int32) {
        guard let line = try? process.read("task/\(thread)/stat"), let stat = StatLine(line) else { return nil }
        startTicks = stat.startTicks
        state = stat.state
        let channel = (try? process.read("task/\(thread)/wchan")).map { ProcText.bounded($0) }
        waitsIn = channel.flatMap { ["", "0"].contains($0) ? nil : $0 }
        kernelStack = (try? process.read("task/\(thread)/stack")).map(ProcText.stack) ?? []
    }
}

extension InspectedThread {
    /// Reads a thread as it stands.
    ///
    /// - Parameters:
    ///   - look: of before the freeze; nil: it is read now.
    init?(_ process: HeldProcess, _ thread: Int32, look: ThreadLook?) {
        guard let line = try? process.read("task/\(thread)/stat"), let stat = StatLine(line) else { return nil }
        let inside = (try? process.read("task/\(thread)/status")).flatMap { Self.inside(ProcText.fields($0)) }
        self.init(id: inside ?? thread, name: stat.name, state: stat.state)
        // Another may have got its number since.
        let seen = look.flatMap { $0.startTicks == stat.startTicks ? $0 : nil } ?? ThreadLook(process, thread)
        if let seen {
            state = seen.state
            waitsIn = seen.waitsIn
            kernelStack = seen.kernelStack
        }
        guard let text = try? process.read("task/\(thread)/syscall") else { return }
        let registers = CallLine(text)
        (call, stackPointer, programCounter) = (registers.call, registers.stackPointer, registers.programCounter)
    }

    /// Its number in the innermost pid namespace, which is the job's.
    static func inside(_ status: [Substring: Substring]) -> Int32? {
        status["NSpid"]?.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) }
    }
}
