/// Signal names as image configs write them (signal(7), numbers of x86 and arm).
enum SignalName {
    private static let names: [String] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
        "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ]

    /// `SIGTERM`, `term`, `15`, `SIGRTMIN+3`, `RTMAX-1`; nil for anything else. 32 and 33 belong to the C library.
    static func number(of text: String) -> Int32? {
        if let number = Int32(text) { return (1...64).contains(number) && !(32...33).contains(number) ? number : nil }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let index = names.firstIndex(of: name) { return Int32(index + 1) }
        if name.hasPrefix("RTMIN") { return realTime(name.dropFirst(5), from: 34, sign: "+", by: 1) }
        if name.hasPrefix("RTMAX") { return realTime(name.dropFirst(5), from: 64, sign: "-", by: -1) }
        return nil
    }

    private static func realTime(_ rest: Substring, from base: Int32, sign: Character, by step: Int32) -> Int32? {
        if rest.isEmpty { return base }
        guard rest.first == sign, let offset = Int32(rest.dropFirst()), (0...30).contains(offset) else { return nil }
        return base + step * offset
    }
}
