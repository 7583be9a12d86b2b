import API
import LinuxSys

/// Reads the texts of procfs (proc(5)). Whatever a job can put into them is taken as text and nothing else.
enum ProcText {
    /// `Key:	value` lines.
    static func fields(_ text: String) -> [Substring: Substring] {
        var found: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon]
            if found[key] == nil { found[key] = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" } }
        }
        return found
    }

    /// At most so many bytes, and no half character at the end.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > InspectLimit.text else { return text }
        return String(decoding: text.utf8.prefix(InspectLimit.text - 3), as: UTF8.self) + "…"
    }

    /// The functions of a kernel stack, innermost first: `[<0>] do_epoll_wait+0x588/0x5e0`.
    static func stack(_ text: String) -> [String] {
        text.split(separator: "\n").prefix(InspectLimit.kernelStack).map { line in
            bounded(String(line.hasPrefix("[<") ? line.drop { $0 != " " }.dropFirst() : line))
        }
    }
}

/// The fields of `stat` (proc_pid_stat(5)), of a process or a thread.
struct StatLine: Hashable {
    var name: String
    var state: String
    var parent: Int32
    var group: Int32
    var session: Int32
    /// Clock ticks of 10 ms.
    var userTicks: UInt64
    var systemTicks: UInt64
    var startTicks: UInt64
    /// Where its words and its environment lie in its memory.
    var arguments: Range<UInt64>
    var environment: Range<UInt64>

    /// The name may hold blanks and parentheses, so the last `)` ends it.
    init?(_ line: String) {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close else { return nil }
        let rest = line[line.index(after: close)...].split(whereSeparator: \.isWhitespace)
        func number<T: FixedWidthInteger>(_ field: Int) -> T? { rest.count > field - 3 ? T(rest[field - 3]) : nil }
        func range(_ first: Int) -> Range<UInt64> {
            guard let start: UInt64 = number(first), let end: UInt64 = number(first + 1), start <= end else { return 0..<0 }
            return start..<end
        }
        // Numbers of fields are the manual's.
        guard let state = rest.first, let parent: Int32 = number(4), let group: Int32 = number(5), let session: Int32 = number(6),
            let user: UInt64 = number(14), let system: UInt64 = number(15), let start: UInt64 = number(22)
        else { return nil }
        name = ProcText.bounded(String(line[line.index(after: open)..<close]))
        self.state = String(state)
        self.parent = parent
        self.group = group
        self.session = session
        (userTicks, systemTicks, startTicks) = (user, system, start)
        arguments = range(48)
        environment = range(50)
    }
}

/// The one line of `syscall`: `running`, `-1 SP PC`, or a call's number, six arguments, SP and PC.
struct CallLine: Hashable {
    var call: InspectedCall?
    var stackPointer: UInt64?
    var programCounter: UInt64?

    init(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        func hex(_ word: Substring) -> UInt64? { UInt64(word.hasPrefix("0x") ? word.dropFirst(2) : word, radix: 16) }
        guard words.count >= 3, let number = Int64(words[0]) else { return }
        stackPointer = hex(words[words.count - 2])
        programCounter = hex(words[words.count - 1])
        guard number >= 0, words.count >= 9 else { return }
        let name = SeccompNames.name(of: UInt32(truncatingIfNeeded: number))
        call = InspectedCall(number: number, name: name, arguments: words[1...6].map { hex($0) ?? 0 })
    }
}
