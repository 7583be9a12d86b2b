import JobLog
import Testing

struct ExitRecordTests {
    private static var full: ExitRecord {
        var record = ExitRecord(outcome: .ended(waitStatus: -256))
        record.startBootNanoseconds = 1
        record.endBootNanoseconds = 2
        record.usage.userMicroseconds = 3
        record.usage.systemMicroseconds = 4
        record.usage.maximumResidentKilobytes = 5
        record.usage.minorFaults = 6
        record.usage.majorFaults = 7
        record.usage.voluntarySwitches = 8
        record.usage.involuntarySwitches = 9
        record.usage.blocksIn = 10
        record.usage.blocksOut = 11
        record.logBytesKept = 12
        record.logBytesDropped = .max
        return record
    }

    @Test func recordsSurviveARoundTrip() throws {
        #expect(Self.full.encoded().count == ExitRecord.size)
        #expect(try ExitRecord(decoding: Self.full.encoded()) == Self.full)
        let failed = ExitRecord(outcome: .startFailed(stage: 6, index: 700, errno: 2))
        #expect(try ExitRecord(decoding: failed.encoded()) == failed)
    }

    @Test func anyFlippedBitIsRefused() {
        let bytes = Self.full.encoded()
        for place in 0..<bytes.count {
            var changed = bytes
            changed[place] ^= 1 << (place % 8)
            #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: changed) }
        }
    }

    @Test func tornAndEmptyRecordsAreRefused() {
        let bytes = Self.full.encoded()
        #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: Array(bytes.dropLast())) }
        #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: [UInt8](repeating: 0, count: ExitRecord.size)) }
        #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: bytes[..<128] + [UInt8](repeating: 0, count: 128)) }
        #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: []) }
    }

    @Test func stampsSurviveARoundTrip() throws {
        let stamp = ClonedStamp(pid: 4_000_000, startTicks: 1 << 50)
        #expect(try ClonedStamp(decoding: stamp.encoded()) == stamp)
        var bytes = stamp.encoded()
        bytes[9] ^= 4
        #expect(throws: JobLogError.invalid) { try ClonedStamp(decoding: bytes) }
        #expect(throws: JobLogError.invalid) { try ClonedStamp(decoding: []) }
    }
}
