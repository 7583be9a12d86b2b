/// What a task itself left behind: a line for each attempt's start, for each moment it worked, and for its end.
///
/// The task appends each line in one write, so a line is whole or absent; nothing that Berth writes is believed where a journal can tell.
public struct Journal: Sendable, Equatable {
    public enum Kind: String, Sendable { case start, tick, end }

    public struct Line: Sendable, Equatable {
        public var kind: Kind
        public var attempt: Int
        /// Boot clock in nanoseconds, rounded down to 10 ms as `/proc/uptime` has it.
        public var at: UInt64
        /// Those the kernel let it run on.
        public var cpus: Set<Int>
        /// Of an end: what the job used of the processor until then, in microseconds, and the status it is about to exit with.
        public var cpuMicroseconds: UInt64?
        public var code: Int?

        public init(_ kind: Kind, attempt: Int, at: UInt64, cpus: Set<Int> = [], cpuMicroseconds: UInt64? = nil, code: Int? = nil) {
            self.kind = kind
            self.attempt = attempt
            self.at = at
            self.cpus = cpus
            self.cpuMicroseconds = cpuMicroseconds
            self.code = code
        }
    }

    public var lines: [Line] = []

    public init(_ lines: [Line] = []) { self.lines = lines }

    /// Reads `start|tick|end ATTEMPT UPTIME CPUS [TICKS CODE]`; nil for a text of another form.
    public init?(text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4 || words.count == 6, let kind = Kind(rawValue: String(words[0])), let attempt = Int(words[1]),
                let at = Self.nanoseconds(words[2]), let cpus = Self.members(words[3])
            else { return nil }
            var read = Line(kind, attempt: attempt, at: at, cpus: cpus)
            if words.count == 6 {
                // The kernel's clock ticks of times(2): 100 a second.
                read.cpuMicroseconds = UInt64(words[4]).map { $0 * 10_000 }
                read.code = Int(words[5])
            }
            lines.append(read)
        }
    }

    public func lines(of attempt: Int) -> [Line] { lines.filter { $0.attempt == attempt } }
    public func starts(of attempt: Int) -> [Line] { lines.filter { $0.attempt == attempt && $0.kind == .start } }
    public func end(of attempt: Int) -> Line? { lines.last { $0.attempt == attempt && $0.kind == .end } }
    public var attempts: Set<Int> { Set(lines.map(\.attempt)) }

    /// `123.45` as nanoseconds.
    private static func nanoseconds(_ text: Substring) -> UInt64? {
        let parts = text.split(separator: ".")
        guard parts.count == 2, parts[1].utf8.count == 2, let whole = UInt64(parts[0]), let hundredths = UInt64(parts[1]) else { return nil }
        return whole * 1_000_000_000 + hundredths * 10_000_000
    }

    /// `0-1,3` as a set.
    static func members(_ list: some StringProtocol) -> Set<Int>? {
        var result: Set<Int> = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first, let last = ends.last, let first, let last, first <= last else { return nil }
            result.formUnion(first...last)
        }
        return result
    }
}

extension Journal {
    /// A shell script that keeps its journal in the working directory and ends as ordered.
    ///
    /// - Parameters:
    ///   - ticks: how many lines it writes while it works, one about every 50 ms.
    ///   - burns: whether it computes between them instead of sleeping.
    public static func script(for order: Order, ticks: Int, burns: Bool = false) -> String {
        let file = order.indices == nil ? "journal-$BERTH_JOB_ID" : "journal-$BERTH_JOB_ID.$BERTH_TASK_INDEX"
        let codes = order.endings.enumerated().map { number, ending in
            let pattern = number == order.endings.count - 1 ? "*" : "\(number + 1)"
            return switch ending {
            case .code(let code): "\(pattern)) code=\(code);;"
            case .signal(let name): "\(pattern)) kill -\(name) $$;;"
            case .never: "\(pattern)) while :; do note tick; sleep 0.05; done;;"
            }
        }
        let work = burns ? "m=0; while [ $m -lt 3000 ]; do m=$((m+1)); done" : "sleep 0.05"
        return """
            note() {
              read -r up rest < /proc/uptime
              while read -r key value rest; do [ "$key" != Cpus_allowed_list: ] || cpus=$value; done < /proc/self/status
              echo "$1 $BERTH_ATTEMPT $up $cpus$2" >> \(file)
            }
            note start
            n=0; while [ $n -lt \(ticks) ]; do n=$((n+1)); \(work); note tick; done
            case $BERTH_ATTEMPT in \(codes.joined(separator: " ")) esac
            read -r line < /proc/self/stat
            set -- $line
            note end " $((${14}+${15}+${16}+${17})) $code"
            exit $code
            """
    }
}
