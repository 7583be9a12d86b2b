internal import CLinuxSys
import Glibc

/// A terminal's size in characters.
public struct TerminalExtent: Sendable, Hashable {
    /// Lines.
    public var rows: UInt16
    /// Characters in a line.
    public var columns: UInt16

    /// A size.
    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}

extension Descriptor {
    /// Standard input of this process.
    public static let standardInput = Descriptor(borrowing: 0)
    /// Standard output of this process.
    public static let standardOutput = Descriptor(borrowing: 1)
    /// Standard error of this process.
    public static let standardError = Descriptor(borrowing: 2)

    /// Whether it is a terminal (isatty(3)).
    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// The terminal's size (ioctl_tty(2), TIOCGWINSZ); nil when it is no terminal or knows none.
    public var terminalExtent: TerminalExtent? {
        var size = winsize()
        let result = withUnsafeMutablePointer(to: &size) { berth_sys_ioctl(rawValue, UInt(TIOCGWINSZ), $0) }
        guard result >= 0, size.ws_row > 0, size.ws_col > 0 else { return nil }
        return TerminalExtent(rows: size.ws_row, columns: size.ws_col)
    }

    /// Tells a terminal its size (TIOCSWINSZ); its foreground gets SIGWINCH.
    public func setTerminalExtent(_ extent: TerminalExtent) throws(SystemError) {
        var size = winsize(ws_row: extent.rows, ws_col: extent.columns, ws_xpixel: 0, ws_ypixel: 0)
        let result = withUnsafeMutablePointer(to: &size) { berth_sys_ioctl(rawValue, UInt(TIOCSWINSZ), $0) }
        _ = try check(result, "set size of", description)
    }

    /// Whether this process may change the terminal: from the background it would be stopped (SIGTTOU); one that is not our controlling
    /// terminal stops nobody.
    public var isForeground: Bool {
        let group = tcgetpgrp(rawValue)
        return group < 0 || group == getpgrp()
    }
}

/// A terminal in raw mode (termios(3)): every byte comes at once and nothing is echoed or turned into a signal. Restored by `restore()` and at the end.
public final class RawTerminal {
    private let terminal: Descriptor
    private let saved: termios
    private var isRaw = false

    /// Switches the terminal over.
    public init(_ terminal: Descriptor) throws(SystemError) {
        self.terminal = terminal
        var settings = termios()
        _ = try checked("read terminal settings of", terminal.description) { Int(tcgetattr(terminal.rawValue, &settings)) }
        saved = settings
        try enter()
    }

    deinit { restore() }

    /// Switches to raw mode again, after `restore()` for a stop of this process.
    public func enter() throws(SystemError) {
        var settings = saved
        cfmakeraw(&settings)
        _ = try checked("set terminal to raw", terminal.description) { Int(tcsetattr(terminal.rawValue, TCSADRAIN, &settings)) }
        isRaw = true
    }

    /// Gives the terminal back as it was; a second call does nothing.
    public func restore() {
        guard isRaw else { return }
        isRaw = false
        var settings = saved
        // Without TCSAFLUSH what was typed ahead is left to the shell.
        _ = tcsetattr(terminal.rawValue, TCSADRAIN, &settings)
    }
}

extension Descriptor {
    /// Sets the size of a terminal by its master (tty_ioctl(4), TIOCSWINSZ); the processes in it get SIGWINCH.
    public func setWindowSize(rows: UInt16, columns: UInt16) throws(SystemError) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = try checked("set window size", description) { Int(ioctl(rawValue, UInt(TIOCSWINSZ), &size)) }
    }
}
