import JobModel
import LinuxSys

/// A line about an upload, on a terminal only, redrawn ten times a second at most.
struct UploadProgress {
    private let total: UInt64?
    private let isShown = Descriptor.standardError.isTerminal
    private var sent: UInt64 = 0
    private var lastDrawn: UInt64 = 0

    init(total: UInt64?) { self.total = total }

    mutating func add(_ count: Int) {
        sent += UInt64(count)
        let now = bootNanoseconds()
        guard isShown, count == 0 || now - lastDrawn > 100_000_000 else { return }
        lastDrawn = now
        Console.error("\r\(text(finished: count == 0))\u{1B}[K")
    }

    func end() { if isShown, lastDrawn > 0 { Console.error("\r\u{1B}[K") } }

    func text(finished: Bool) -> String {
        if finished { return "\(Bytes(sent)) sent, unpacking …" }
        guard let total, total > 0 else { return "\(Bytes(sent)) sent" }
        let done = Int(min(sent, total) / (total / 1000 + 1))
        let bar = ProgressBar(parts: [.init(count: done, symbol: "█")], total: 1000).render(width: 30, style: .plain)
        return "[\(bar)] \(Bytes(sent)) of \(Bytes(total))"
    }
}
