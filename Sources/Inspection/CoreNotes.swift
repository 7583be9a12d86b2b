import API
import LinuxSys

/// The notes of an ELF core file (core(5); struct elf_prstatus and elf_prpsinfo of linux/elfcore.h) of 64-bit machines.
enum CoreNotes {
    private enum Kind: UInt32 { case status = 1, process = 3, auxiliary = 6, files = 0x4649_4C45 }

    /// Where in the registers of `NT_PRSTATUS` the program counter and the stack pointer stand, and how many there are.
    #if arch(arm64)
        private static let (counter, pointer, registers) = (32, 31, 34)
        static let machine: UInt16 = 183
    #else
        private static let (counter, pointer, registers) = (16, 19, 27)
        static let machine: UInt16 = 62
    #endif

    static func all(_ process: HeldProcess, _ stat: StatLine, inside: Int32, threads: [InspectedThread], _ mappings: [Mapping]) -> [UInt8] {
        var bytes: [UInt8] = []
        // Debuggers take the first thread for the one that matters.
        for thread in threads.filter({ $0.id == inside }) + threads.filter({ $0.id != inside }) {
            add(.status, status(thread, stat, inside), to: &bytes)
            if thread.id == inside || threads.first?.id == thread.id && !threads.contains(where: { $0.id == inside }) {
                add(.process, information(stat, inside), to: &bytes)
                // Where the program was loaded; the kernel keeps it apart from the process's memory.
                if let vector = try? process.directory.open(at: "auxv").read(upTo: 1 << 14) { add(.auxiliary, vector, to: &bytes) }
                add(.files, files(mappings), to: &bytes)
            }
        }
        return bytes
    }

    private static func add(_ kind: Kind, _ description: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(number: UInt32(5), UInt32(description.count), kind.rawValue)
        bytes += Array("CORE".utf8) + [0, 0, 0, 0]
        bytes += description
        bytes += [UInt8](repeating: 0, count: (4 - description.count % 4) % 4)
    }

    private static func status(_ thread: InspectedThread, _ stat: StatLine, _ inside: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes.append(number: thread.id, Int32(0), inside, inside)
        bytes += [UInt8](repeating: 0, count: 64)
        var values = [UInt64](repeating: 0, count: registers)
        values[counter] = thread.programCounter ?? 0
        values[pointer] = thread.stackPointer ?? 0
        for value in values { bytes.append(number: value) }
        return bytes + [UInt8](repeating: 0, count: 8)
    }

    private static func information(_ stat: StatLine, _ inside: Int32) -> [UInt8] {
        let letter = stat.state.utf8.first ?? UInt8(ascii: "S")
        var bytes: [UInt8] = [UInt8("RSDTZW".utf8.firstIndex(of: letter).map { "RSDTZW".utf8.distance(from: "RSDTZW".utf8.startIndex, to: $0) } ?? 1)]
        bytes += [letter, letter == UInt8(ascii: "Z") ? 1 : 0, 0, 0, 0, 0, 0]
        bytes.append(number: UInt64(0))
        bytes.append(number: UInt32(0), UInt32(0))
        bytes.append(number: inside, Int32(0), Int32(0), Int32(0))
        let name = Array(stat.name.utf8.prefix(15))
        bytes += name + [UInt8](repeating: 0, count: 16 - name.count)
        return bytes + name + [UInt8](repeating: 0, count: 80 - name.count)
    }

    /// Which file lies where: `count, page size, (start, end, page offset)…, names…`.
    private static func files(_ mappings: [Mapping]) -> [UInt8] {
        let named = mappings.filter { $0.isFile && $0.path.hasPrefix("/") }
        var bytes: [UInt8] = []
        bytes.append(number: UInt64(named.count), CoreWriter.page)
        for mapping in named { bytes.append(number: mapping.range.lowerBound, mapping.range.upperBound, mapping.offset / CoreWriter.page) }
        for mapping in named { bytes += Array(mapping.path.utf8) + [0] }
        return bytes
    }
}

extension [UInt8] {
    /// In the machine's order.
    mutating func append<each Number: FixedWidthInteger>(number: repeat each Number) {
        for value in repeat each number { Swift.withUnsafeBytes(of: value) { self += $0 } }
    }
}
