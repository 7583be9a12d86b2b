import LinuxSys

/// Draws over what was drawn before, without a flicker: each line is cleared behind its end, then everything below.
enum Screen {
    static func draw(_ text: String) {
        let rows = Descriptor.standardOutput.terminalExtent.map { Int($0.rows) } ?? 24
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(max(1, rows - 1))
        Console.out("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J")
    }
}
