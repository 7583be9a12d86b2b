/// Reads an ELF core file (elf(5), core(5)) of a 64-bit machine, as a debugger would.
public struct CoreReader {
    public struct Segment: Hashable {
        public var address: UInt64
        public var memory: UInt64
        public var offset: UInt64
        public var size: UInt64
    }

    /// Of `NT_PRSTATUS`.
    public struct Thread: Hashable {
        public var id: Int32
        public var programCounter: UInt64
        public var stackPointer: UInt64
        /// The other registers are all zero.
        public var isBare: Bool
    }

    public var segments: [Segment] = []
    public var threads: [Thread] = []
    /// Names and types of all notes.
    public var notes: [String] = []
    /// Paths of `NT_FILE`.
    public var files: [String] = []
    /// The lines of Berth's own note.
    public var lines: [String] = []
    private let bytes: [UInt8]

    /// Nil when it is none, or anything of it lies outside.
    public init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), number(16, 2) == 4, let count = number(56, 2), let start = number(32, 8) else {
            return nil
        }
        for index in 0..<count {
            let at = start + 56 * index
            guard let type = number(at, 4), let offset = number(at + 8, 8), let address = number(at + 16, 8), let size = number(at + 32, 8),
                let memory = number(at + 40, 8), offset + size <= bytes.count
            else { return nil }
            if type == 1 { segments.append(Segment(address: address, memory: memory, offset: offset, size: size)) }
            if type == 4 { guard take(Int(offset)..<Int(offset + size)) else { return nil } }
        }
    }

    /// What lies at an address; nil when it is not there.
    public func memory(at address: UInt64, count: UInt64) -> [UInt8]? {
        guard let found = segments.first(where: { $0.address <= address && address + count <= $0.address + $0.size }) else { return nil }
        let start = Int(found.offset + address - found.address)
        return Array(bytes[start..<(start + Int(count))])
    }

    private func number(_ offset: UInt64, _ size: UInt64) -> UInt64? {
        guard offset + size <= bytes.count else { return nil }
        return bytes[Int(offset)..<Int(offset + size)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ notes: Range<Int>) -> Bool {
        var at = UInt64(notes.lowerBound)
        func aligned(_ size: UInt64) -> UInt64 { (size + 3) / 4 * 4 }
        while at < UInt64(notes.upperBound) {
            guard let name = number(at, 4), let size = number(at + 4, 4), let type = number(at + 8, 4), name > 0 else { return false }
            let begin = at + 12 + aligned(name)
            guard begin + size <= UInt64(notes.upperBound) else { return false }
            let text = String(decoding: bytes[Int(at + 12)..<Int(at + 12 + name - 1)], as: UTF8.self)
            let content = Array(bytes[Int(begin)..<Int(begin + size)])
            self.notes.append("\(text) \(type)")
            switch (text, type) {
            case ("CORE", 1): takeThread(at: begin, size)
            case ("CORE", 0x4649_4C45):
                let count = number(begin, 8) ?? 0
                let names = content.dropFirst(Int(16 + 24 * count)).split(separator: 0)
                files = names.map { String(decoding: $0, as: UTF8.self) }
            case ("BERTH", _):
                lines = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n").map(String.init)
            default: break
            }
            at = begin + aligned(size)
        }
        return true
    }

    /// `struct elf_prstatus`: the thread's number at 32, the registers at 112.
    private mutating func takeThread(at begin: UInt64, _ size: UInt64) {
        #if arch(arm64)
            let (counter, pointer, count) = (UInt64(32), UInt64(31), UInt64(34))
        #else
            let (counter, pointer, count) = (UInt64(16), UInt64(19), UInt64(27))
        #endif
        guard size == 112 + 8 * count + 8, let id = number(begin + 32, 4) else { return }
        let values = (0..<count).compactMap { number(begin + 112 + 8 * $0, 8) }
        let others = values.indices.filter { $0 != Int(counter) && $0 != Int(pointer) }
        threads.append(
            Thread(
                id: Int32(id), programCounter: values[Int(counter)], stackPointer: values[Int(pointer)],
                isBare: others.allSatisfy { values[$0] == 0 }))
    }
}
