import JobLog
import LaunchProgram
import LinuxSys
import TestSupport

/// What the daemon, the launcher and the PID 1s of jobs write for each other.
extension FuzzTarget {
    static let launchPrograms = FuzzTarget(
        name: "launch-program",
        sample: { random in
            switch Int.random(in: 0..<5, using: &random) {
            case 0: random.program().encoded()
            case 1: random.execProgram().encoded()
            case 2: random.spareProgram().encoded()
            case 3: messages.randomElement(using: &random) ?? []
            default: SpareHandover(hasLog: random.next() & 1 == 0, hasInput: random.next() & 1 == 0, dropsCapabilities: true).encoded()
            }
        }
    ) { bytes in
        var taken = 0
        func look<T: Equatable>(_ read: ([UInt8]) throws -> T, _ write: (T) -> [UInt8], _ what: String) throws {
            guard let value = try? read(bytes) else { return }
            taken += 1
            try mustEqual(value, try read(write(value)), what)
        }
        try look(LaunchProgram.init(decoding:), { $0.encoded() }, "launch program")
        try look(ExecProgram.init(decoding:), { $0.encoded() }, "exec program")
        try look(SpareProgram.init(decoding:), { $0.encoded() }, "spare program")
        try look(SpareHandover.init(decoding:), { $0.encoded() }, "handover")
        try look(LauncherRequest.init(decoding:), { $0.encoded() }, "request")
        try look(LauncherAnswer.init(decoding:), { $0.encoded() }, "answer")
        try look(ControlMessage.init(decoding:), { $0.encoded() }, "control message")
        if taken == 0 { throw Refused() }
    }

    private struct Refused: Error {}

    private static let messages: [[UInt8]] =
        [
            LauncherRequest.start, .execute, .moreDescriptors, .userNamespace(uidMap: [IDMapExtent(inside: 0, outside: 5, count: 7)], gidMap: []),
            .stagedOverlay(
                StagedOverlay(
                    layers: [DescriptorIndex(0), DescriptorIndex(1)], scratch: DescriptorIndex(2), options: [.init("xino", "off"), .init("volatile")])
            ),
            .prepare, .discard(number: 17),
        ].map { $0.encoded() }
        + [
            LauncherAnswer.ready(version: 1), .started(pid: 77), .running(bootNanoseconds: 1 << 60, pid: 2), .exited(waitStatus: 256), .descriptor,
            .failed(LaunchFailure(stage: .containerOperation, index: 3, errno: 2, detail: "mount proc on /proc")), .prepared(), .helping(pid: 5),
        ].map { $0.encoded() }
        + [
            ControlMessage.signalMain(15), .signalAll(9), .resize(TerminalSize(rows: 24, columns: 65535)), .closeInput,
            .usedBefore(counter: 3, 1 << 40),
        ].map { $0.encoded() }

    static let exitRecords = FuzzTarget(
        name: "exit-record",
        sample: { random in
            guard Bool.random(using: &random) else {
                return ClonedStamp(pid: 7, startTicks: random.next(), bootNanoseconds: random.next(), groupName: Array("12.3-2".utf8)).encoded()
            }
            var record = ExitRecord(
                outcome: Bool.random(using: &random) ? .ended(waitStatus: 256) : .startFailed(stage: 6, index: 700, errno: 2))
            record.logBytesDropped = random.next()
            record.failure = Array("mount overlay on /".utf8)
            return record.encoded()
        },
        repair: { bytes in
            // Their last 8 bytes are the checksum of the rest (FNV-1a).
            guard bytes.count == ExitRecord.size || bytes.count == ClonedStamp.size else { return }
            let body = bytes.dropLast(8)
            let sum = body.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            bytes = body + (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
        }
    ) { bytes in
        if bytes.count == ClonedStamp.size {
            let stamp = try ClonedStamp(decoding: bytes)
            try mustEqual(stamp, try ClonedStamp(decoding: stamp.encoded()), "stamp")
        } else {
            let record = try ExitRecord(decoding: bytes)
            try mustEqual(record, try ExitRecord(decoding: record.encoded()), "record")
        }
    }

    static let jobLog = FuzzTarget(
        name: "job-log",
        sample: { random in
            guard let file = try? Descriptor.memoryFile("log") else { return [] }
            let limit = UInt64.random(in: 0...600, using: &random)
            var writer = LogWriter(file: file.rawValue, headLimit: limit, tailLimit: limit)
            for number in 0..<Int.random(in: 0...40, using: &random) {
                let text = Array("line \(number)".utf8)
                text.withUnsafeBytes { writer.append($0, stream: number % 3 == 0 ? .error : .output, bootNanoseconds: UInt64(number)) }
            }
            return (try? file.readFully(1 << 16, at: 0)) ?? []
        }
    ) { bytes in
        let file = try Descriptor.memoryFile("log")
        try file.write(bytes)
        for position in [0, UInt64(bytes.count / 3), .max >> 1, .max] {
            var reader = LogReader(file: file.rawValue, position: position)
            var steps = 0
            while true {
                let items = try reader.read(maximumBytes: 4096)
                let size = items.reduce(0) { sum, item in if case .frame(let frame) = item { sum + frame.bytes.count } else { sum } }
                guard size <= bytes.count else { throw Violation("\(size) bytes of a log of \(bytes.count)") }
                if items.isEmpty { break }
                steps += 1
                guard steps < 10_000 else { throw Violation("a log of \(bytes.count) bytes does not end") }
            }
        }
    }

    /// The end of a log, as `berth logs --tail` finds it: one look at the whole, then reading from where the last lines begin. A hostile file may tell
    /// any position, but reading ends. Of a torn one the last lines are those that a look at its text finds.
    static let logTail = FuzzTarget(
        name: "log-tail",
        sample: { random in
            if Bool.random(using: &random) { return jobLog.sample(&random) }
            let count = Int.random(in: 4...80, using: &random)
            return (0..<count).map { _ in UInt8.random(in: 0...40, using: &random) }
        }
    ) { bytes in
        // That of a log's magic number; all else is what a job printed.
        let isHostile = bytes.first == UInt8(ascii: "B")
        let file = try isHostile ? Descriptor.memoryFile("log") : tornLog(bytes)
        if isHostile { try file.write(bytes) }
        let size = Int(try file.status().size)
        for lines in [0, 1, 3, 1000] {
            var last = LastLines(lines)
            let whole = try output(of: file, from: 0, size) { last.take($0, endingAt: $1) }
            guard last.kept <= lines + 1 else { throw Violation("\(last.kept) places are kept for \(lines) lines") }
            guard let start = last.start else { continue }
            let tail = try output(of: file, from: start, size)
            guard !isHostile, let text = whole.withoutGaps else { continue }
            var ends = text.indices.filter { text[$0] == 0x0A }.map { $0 + 1 }
            if ends.last == text.count { ends.removeLast() }
            let expected = lines == 0 ? text.count : ends.count < lines ? 0 : ends[ends.count - lines]
            guard tail.bytes == Array(text[expected...]) else { throw Violation("the last \(lines) lines of \(text) from \(start): \(tail.bytes)") }
        }
    }

    /// A log that a PID 1 wrote, cut off anywhere: the sizes of its parts, the place of the cut, then the lengths of lines.
    private static func tornLog(_ bytes: [UInt8]) throws -> Descriptor {
        guard bytes.count > 3 else { throw Refused() }
        let file = try Descriptor.memoryFile("log")
        var writer = LogWriter(file: file.rawValue, headLimit: UInt64(bytes[0]) * 16, tailLimit: UInt64(bytes[1]) * 16)
        for (number, length) in bytes.dropFirst(3).enumerated() {
            // Some without their end.
            let text = [UInt8](repeating: UInt8(ascii: "a") &+ length % 26, count: Int(length % 32)) + (length % 5 == 0 ? [] : [0x0A])
            text.withUnsafeBytes { writer.append($0, stream: length % 3 == 0 ? .error : .output, bootNanoseconds: UInt64(number)) }
        }
        if bytes[2] > 0 { try file.truncate(to: try file.status().size * Int64(bytes[2]) / 255) }
        return file
    }

    /// What the job printed from a place on, as far as the file tells.
    private static func output(
        of file: Descriptor, from position: UInt64, _ size: Int, _ take: ([UInt8], UInt64) -> Void = { _, _ in }
    ) throws -> (bytes: [UInt8], withoutGaps: [UInt8]?) {
        var reader = LogReader(file: file.rawValue, position: position)
        var bytes: [UInt8] = []
        var hasGaps = false
        var steps = 0
        while true {
            var place = reader.position
            let items = try reader.read(maximumBytes: 4096)
            if items.isEmpty { return (bytes, hasGaps ? nil : bytes) }
            for item in items {
                switch item {
                case .gap(let count):
                    place &+= count
                    hasGaps = true
                case .frame(let frame):
                    place &+= UInt64(frame.bytes.count)
                    bytes += frame.bytes
                    take(frame.bytes, place)
                }
            }
            steps += 1
            guard bytes.count <= size, steps < 10_000 else { throw Violation("\(bytes.count) bytes of a log of \(size), in \(steps) steps") }
        }
    }
}
