import API
import LinuxSys

/// Writes the memory of a process that stands still as an ELF core file, from its first byte to its last, without ever going back.
///
///     header, program headers │ notes: threads with program counter and stack pointer, files │ memory … │ Berth's note: what is not there
///
/// Nothing is attached to it: `/proc/PID/mem` is read, page by page where that fails, and only pages that are there already, so that no fault
/// has to be answered by anybody.
struct CoreWriter {
    static let page: UInt64 = 4096
    /// A gap of so much untouched memory is not written out.
    private static let gap: UInt64 = 1 << 20
    /// e_phnum has 16 bits.
    private static let segments = 60_000

    private struct Segment {
        var range: Range<UInt64>
        var rights: UInt32
        /// Of what is there, from its start.
        var bytes: UInt64
    }

    private let output: Descriptor
    private let memory: Descriptor
    private let pages: Descriptor
    private let notes: [UInt8]
    private var plan: [Segment] = []
    private var missing: [String: UInt64] = [:]
    private var lines = ["of each thread's registers only program counter and stack pointer are here"]
    private var unread: UInt64 = 0
    private var buffer: [UInt8] = []

    init(
        _ process: HeldProcess, _ stat: StatLine, inside: Int32, threads: [InspectedThread], systems: FileSystems, output: Descriptor
    ) throws(SystemError) {
        self.output = output
        let mappings = try Mappings(process)
        memory = try process.directory.open(at: "mem")
        pages = try process.directory.open(at: "pagemap")
        notes = CoreNotes.all(process, stat, inside: inside, threads: threads, mappings.all)
        for mapping in mappings.all {
            if plan.count >= Self.segments {
                missing["beyond \(Self.segments) segments", default: 0] += mapping.range.length
            } else if let why = mapping.refusal(systems) {
                // Nobody can read an address range that is only kept free.
                if mapping.resident + mapping.swapped > 0 || mapping.flags.contains("rd") { missing[why, default: 0] += mapping.range.length }
                plan.append(Segment(range: mapping.range, rights: Self.rights(mapping), bytes: 0))
            } else {
                plan += try segments(of: mapping)
            }
        }
        if mappings.isCut { lines.append("mappings beyond the first \(mappings.all.count) are missing") }
        let running = threads.count { $0.programCounter == nil }
        if running > 0 { lines.append("\(running) threads ran on a processor and have no registers here") }
    }

    /// One more line about what is not there.
    mutating func note(_ line: String) { lines.append(line) }

    private static func rights(_ mapping: Mapping) -> UInt32 {
        (mapping.rights.contains("x") ? 1 : 0) | (mapping.rights.contains("w") ? 2 : 0) | (mapping.rights.contains("r") ? 4 : 0)
    }

    // MARK: What to write

    private func segments(of mapping: Mapping) throws(SystemError) -> [Segment] {
        let (range, rights) = (mapping.range, Self.rights(mapping))
        if mapping.isFile, !mapping.path.hasPrefix("/memfd:"), !mapping.path.hasPrefix("/dev/zero"), !mapping.path.hasPrefix("/SYSV"),
            !mapping.path.hasPrefix("/dev/shm/")
        {
            // What the file itself holds is not written; the first page tells debuggers which file it is.
            if mapping.isPrivate, mapping.anonymous + mapping.swapped > 0 { return [Segment(range: range, rights: rights, bytes: range.length)] }
            let mayTell = mapping.isPrivate && mapping.offset == 0 && mapping.resident > 0
            let first = mayTell ? try present(in: range.lowerBound..<(range.lowerBound + Self.page)) : []
            return [Segment(range: range, rights: rights, bytes: first.isEmpty ? 0 : Self.page)]
        }
        // The kernel's page of code is small, and not in the page tables as others are.
        if mapping.path == "[vdso]" { return [Segment(range: range, rights: rights, bytes: range.length)] }
        var result: [Segment] = []
        var at = range.lowerBound
        for part in try present(in: range) {
            if part.lowerBound > at { result.append(Segment(range: at..<part.lowerBound, rights: rights, bytes: 0)) }
            result.append(Segment(range: part, rights: rights, bytes: part.length))
            at = part.upperBound
        }
        if at < range.upperBound { result.append(Segment(range: at..<range.upperBound, rights: rights, bytes: 0)) }
        return result
    }

    /// The parts of a range whose pages are in memory or in swap (Documentation/admin-guide/mm/pagemap.rst, bits 63 and 62).
    private func present(in range: Range<UInt64>) throws(SystemError) -> [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        var at = range.lowerBound
        while at < range.upperBound {
            let count = Int(min((range.upperBound - at) / Self.page, 32_768))
            let bytes = try pages.readFully(count * 8, at: Int64(at / Self.page * 8))
            guard bytes.count >= 8 else { break }
            bytes.withUnsafeBytes { raw in
                for index in 0..<(bytes.count / 8) where raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) >> 62 != 0 {
                    let start = at + UInt64(index) * Self.page
                    if let last = found.last, start - last.upperBound < Self.gap {
                        found[found.count - 1] = last.lowerBound..<(start + Self.page)
                    } else {
                        found.append(start..<(start + Self.page))
                    }
                }
            }
            at += UInt64(bytes.count / 8) * Self.page
        }
        return found
    }

    // MARK: Writing

    /// - Parameter isStillOf: whether the process is the job's at the end too; if not, the file gets no end.
    mutating func write(_ isStillOf: () -> Bool) throws {
        let headers = UInt64(64 + 56 * (plan.count + 2))
        let begin = (headers + UInt64(notes.count) + Self.page - 1) / Self.page * Self.page
        let end = plan.reduce(begin) { $0 + $1.bytes }
        emit(header(count: plan.count + 2))
        emit(program(type: 4, flags: 4, offset: headers, address: 0, file: UInt64(notes.count), memory: 0, align: 4))
        var at = begin
        for segment in plan {
            emit(
                program(
                    type: 1, flags: segment.rights, offset: at, address: segment.range.lowerBound, file: segment.bytes,
                    memory: segment.range.length, align: Self.page))
            at += segment.bytes
        }
        emit(program(type: 4, flags: 4, offset: end, address: 0, file: UInt64(CoreTrailer.size), memory: 0, align: 4))
        emit(notes)
        emit([UInt8](repeating: 0, count: Int(begin - headers) - notes.count))
        for segment in plan where segment.bytes > 0 { try copy(segment.range.lowerBound..<(segment.range.lowerBound + segment.bytes)) }
        guard isStillOf() else { throw InspectRefusal("the process left the job while it was read") }
        emit(CoreTrailer.encode(trailer))
        try flush()
    }

    private var trailer: [String] {
        var result = lines
        for (why, size) in missing.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) { result.append("\(size) bytes are missing: \(why)") }
        if unread > 0 { result.append("\(unread) bytes could not be read and are zero here") }
        return result
    }

    private mutating func copy(_ range: Range<UInt64>) throws {
        var at = range.lowerBound
        while at < range.upperBound {
            let size = Int(min(range.upperBound - at, 1 << 18))
            var bytes = (try? memory.readFully(size, at: Int64(bitPattern: at))) ?? []
            // What cannot be read is looked for by page.
            while bytes.count < size {
                let place = at + UInt64(bytes.count)
                if let page = try? memory.readFully(Int(Self.page), at: Int64(bitPattern: place)), page.count == Int(Self.page) {
                    bytes += page
                } else {
                    bytes += [UInt8](repeating: 0, count: Int(Self.page))
                    unread += Self.page
                }
            }
            emit(bytes)
            if buffer.count >= 1 << 18 { try flush() }
            at += UInt64(size)
        }
    }

    private mutating func emit(_ bytes: [UInt8]) { buffer += bytes }

    private mutating func flush() throws(SystemError) {
        try output.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private func header(count: Int) -> [UInt8] {
        // 64 bits, least byte first, version 1.
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        bytes.append(number: UInt16(4), CoreNotes.machine, UInt32(1), UInt64(0), UInt64(64), UInt64(0), UInt32(0))
        bytes.append(number: UInt16(64), UInt16(56), UInt16(count), UInt16(0), UInt16(0), UInt16(0))
        return bytes
    }

    private func program(type: UInt32, flags: UInt32, offset: UInt64, address: UInt64, file: UInt64, memory: UInt64, align: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: type, flags, offset, address, UInt64(0), file, memory, align)
        return bytes
    }
}

extension Range<UInt64> {
    var length: UInt64 { upperBound - lowerBound }
}
