import LinuxSys

/// Standard output and error, buffered by us: nothing else writes to them.
enum Console {
    /// Writes text as it stands; a reader that is gone ends the program as SIGPIPE does.
    static func out(_ text: String) { write(.standardOutput, text) }
    static func error(_ text: String) { write(.standardError, text) }
    static func line(_ text: String = "") { out(text + "\n") }
    /// A line about what happened, for people: on standard error, so that output can be piped.
    static func note(_ text: String) { error("berth: \(text)\n") }

    static var isTerminal: Bool { Descriptor.standardOutput.isTerminal }

    /// Characters in a line; nil when output is no terminal, where nothing is cut.
    static var width: Int? {
        guard isTerminal else { return nil }
        return Descriptor.standardOutput.terminalExtent.map { Int($0.columns) } ?? 80
    }

    static func exit(_ status: Int32) -> Never { endProcess(status) }

    private static func write(_ descriptor: Descriptor, _ text: String) {
        do throws(SystemError) { try descriptor.write(text) } catch {
            // Nothing can be told any more, only ended with.
            endProcess(ExitRules.refused)
        }
    }
}
