import Foundation
import JobLog
import Testing

struct JobLogTests {
    @Test func framesComeBackInOrder() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 10_000, tail: 10_000)
        writer.append("one", at: 5)
        writer.append("two", .error, at: 6)
        var reader = log.reader()
        #expect(
            try reader.readAll() == [
                .frame(LogFrame(stream: .output, bootNanoseconds: 5, bytes: Array("one".utf8))),
                .frame(LogFrame(stream: .error, bootNanoseconds: 6, bytes: Array("two".utf8))),
            ])
        #expect(reader.position == 6)
        #expect(writer.bytesKept == 6 && writer.bytesDropped == 0)
    }

    @Test("Bytes that were printed one by one come in as small a memory as others") func singleBytesAreFew() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 1 << 20, tail: 1 << 20)
        for number in 0..<20_000 { writer.append(bytes: [UInt8(truncatingIfNeeded: number)]) }
        var reader = log.reader()
        var count = 0
        while true {
            let items = try reader.read(maximumBytes: 64 << 10)
            if items.isEmpty { break }
            #expect(items.count <= 513, "128 bytes each, and one more")
            count += items.count
        }
        #expect(count == 20_000)
    }

    @Test func aReaderFollows() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 200, tail: 200)
        var reader = log.reader()
        #expect(try reader.read().isEmpty)
        var seen: [UInt8?] = []
        var printed: [UInt8?] = []
        for number in 0..<200 {
            let bytes = Array("line \(number)\n".utf8)
            writer.append(bytes: bytes)
            printed += bytes.map { $0 }
            seen += expanded(try reader.readAll())
        }
        #expect(seen == printed)
    }

    /// Any pieces, any limits, any place to begin: what is read is what was printed, or a gap of just that size.
    @Test func randomPiecesSurviveRotation() throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &random)
        print("seed \(seed)")
        var generator = Generator(state: seed)
        for _ in 0..<60 {
            let log = try TemporaryLog()
            let head = UInt64.random(in: 0...600, using: &generator)
            let tail = UInt64.random(in: 0...600, using: &generator)
            var writer = log.writer(head: head, tail: tail)
            var printed: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<80, using: &generator) {
                let bytes = (0..<Int.random(in: 1..<100, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                printed += bytes
                writer.append(bytes: bytes)
            }
            #expect(writer.bytesKept + writer.bytesDropped == UInt64(printed.count))
            #expect(UInt64(log.size) <= 28 + head + 2 * tail)
            let start = UInt64.random(in: 0...UInt64(printed.count), using: &generator)
            var reader = log.reader(at: start)
            let seen = expanded(try reader.readAll(step: Int.random(in: 1..<200, using: &generator)))
            for (offset, byte) in seen.enumerated() where byte != nil { #expect(byte == printed[Int(start) + offset]) }
            #expect(start + UInt64(seen.count) <= UInt64(printed.count))
            var whole = log.reader()
            let kept = expanded(try whole.readAll()).compactMap { $0 }
            #expect(UInt64(kept.count) == writer.bytesKept)
        }
    }

    @Test func theBeginningAndTheEndAreKept() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 500, tail: 300)
        writer.append("first")
        for number in 0..<1000 { writer.append("noise \(number)") }
        writer.append("last")
        var reader = log.reader()
        let items = try reader.readAll()
        guard case .frame(let first) = items.first, case .frame(let last) = items.last else {
            Issue.record("no frames")
            return
        }
        #expect(first.bytes == Array("first".utf8))
        #expect(last.bytes == Array("last".utf8))
        #expect(items.contains(.gap(bytes: writer.bytesDropped)))
    }

    @Test func aTornFrameEndsTheLogUntilItIsWhole() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 10_000, tail: 1000)
        writer.append("whole")
        let size = log.size
        let before = writer.state
        writer.append("torn apart")
        ftruncate(log.descriptor, off_t(size + 5))
        var reader = log.reader()
        #expect(expanded(try reader.readAll()) == Array("whole".utf8).map { $0 })
        ftruncate(log.descriptor, off_t(size))
        var again = try #require(LogWriter(file: log.descriptor, state: before))
        again.append("more")
        #expect(expanded(try reader.readAll()) == Array("more".utf8).map { $0 })
    }

    /// The body comes before its header: a frame that is being written, or that a full disk cut off, is none, also where older bytes follow.
    @Test func aFrameWithoutItsHeaderIsNotRead() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 1000, tail: 1000)
        writer.append("whole")
        let size = log.size
        writer.append("half")
        var none = [UInt8](repeating: 0, count: 13)
        pwrite(log.descriptor, &none, none.count, off_t(size))
        // As if a tail were in use: the file does not end here.
        ftruncate(log.descriptor, 2500)
        var reader = log.reader()
        #expect(expanded(try reader.readAll()) == Array("whole".utf8).map { $0 })
    }

    /// What a tail held before it was emptied is not read behind what it holds now.
    @Test func anEmptiedTailHoldsNothingOld() throws {
        let log = try TemporaryLog()
        var writer = log.writer(head: 0, tail: 400)
        for _ in 0..<30 { writer.append(bytes: [UInt8](repeating: 1, count: 40)) }
        while expanded(try readAll(log)).contains(1) { writer.append(bytes: [UInt8](repeating: 2, count: 13)) }
        #expect(UInt64(expanded(try readAll(log)).count { $0 == 2 }) == writer.bytesKept)
    }

    private func readAll(_ log: TemporaryLog) throws -> [LogItem] {
        var reader = log.reader()
        return try reader.readAll()
    }

    @Test func aWriterGoesOnFromItsState() throws {
        let log = try TemporaryLog()
        var printed: [UInt8?] = []
        var writer = log.writer(head: 300, tail: 100_000)
        for number in 0..<100 {
            let text = "piece \(number)"
            printed += text.utf8.map { $0 }
            writer.append(text)
            writer = try #require(LogWriter(file: log.descriptor, state: writer.state))
        }
        var reader = log.reader()
        #expect(expanded(try reader.readAll()) == printed)
        #expect(LogWriter(file: 0, state: [1, 2, 3]) == nil)
    }

    @Test func aFullDiskDropsAndCounts() throws {
        // /dev/full takes nothing: ENOSPC.
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        var writer = LogWriter(file: full, headLimit: 1000, tailLimit: 1000)
        writer.append("lost")
        #expect(writer.bytesDropped == 4)
        #expect(writer.bytesKept == 0)
    }

    @Test func garbageNeverTraps() throws {
        var generator = Generator(state: .random(in: 0 ... .max))
        print("seed \(generator.state)")
        for _ in 0..<300 {
            let log = try TemporaryLog()
            var writer = log.writer(head: 400, tail: 400)
            for number in 0..<50 { writer.append("line \(number)") }
            for _ in 0..<5 {
                var byte = UInt8.random(in: 0...255, using: &generator)
                pwrite(log.descriptor, &byte, 1, off_t(Int.random(in: 0..<log.size, using: &generator)))
            }
            var reader = log.reader()
            for _ in 0..<20 { if (try? reader.read())?.isEmpty ?? true { break } }
        }
    }
}

/// SplitMix64.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
