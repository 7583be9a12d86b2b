import Testing

@testable import JobLog

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
        record.isUsagePartial = true
        return record
    }

    @Test func recordsSurviveARoundTrip() throws {
        #expect(Self.full.encoded().count == ExitRecord.size)
        #expect(try ExitRecord(decoding: Self.full.encoded()) == Self.full)
        let failed = ExitRecord(outcome: .startFailed(stage: 6, index: 700, errno: 2))
        #expect(try ExitRecord(decoding: failed.encoded()) == failed)
        var told = failed
        told.failure = Array("mount overlay on /".utf8)
        #expect(try ExitRecord(decoding: told.encoded()) == told)
    }

    /// What does not fit loses its middle: the operation and the name at the end stay.
    @Test func aLongFailureIsShortened() throws {
        var record = ExitRecord(outcome: .startFailed(stage: 9, index: 0, errno: 2))
        record.failure = Array("exec /".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 5000) + Array("/program".utf8)
        let text = String(decoding: try ExitRecord(decoding: record.encoded()).failure, as: UTF8.self)
        #expect(text.utf8.count == ExitRecord.failureSize)
        #expect(text.hasPrefix("exec /xxx") && text.contains("x...x") && text.hasSuffix("xx/program"))
        record.failure = [UInt8](repeating: 7, count: ExitRecord.failureSize)
        #expect(try ExitRecord(decoding: record.encoded()) == record)
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

    /// Whole, and of a later version: it says so. Of one that there never was it is refused too.
    @Test(arguments: [0, ExitRecord.version + 1, .max]) func anotherFormatIsNamed(version: UInt16) {
        var record = Self.full.encoded()
        store(UInt64(version), in: &record, at: 8, size: 2)
        #expect(throws: JobLogError.invalid) { try ExitRecord(decoding: record) }
        store(checksum(record[0..<ExitRecord.size - 8]), in: &record, at: ExitRecord.size - 8, size: 8)
        #expect(throws: JobLogError.unknownFormat(found: version, latest: 1)) { try ExitRecord(decoding: record) }
        var stamp = ClonedStamp(pid: 4, startTicks: 5, bootNanoseconds: 7, groupName: []).encoded()
        store(UInt64(version), in: &stamp, at: 14, size: 2)
        #expect(throws: JobLogError.invalid) { try ClonedStamp(decoding: stamp) }
        store(checksum(stamp[0..<ClonedStamp.size - 8]), in: &stamp, at: ClonedStamp.size - 8, size: 8)
        #expect(throws: JobLogError.unknownFormat(found: version, latest: 1)) { try ClonedStamp(decoding: stamp) }
    }

    /// Those of versions that had no flags have zeros there.
    @Test func aRecordWithoutFlagsIsWhole() throws {
        var record = Self.full
        record.isUsagePartial = false
        #expect(record.encoded()[14..<16] == [0, 0])
        #expect(try ExitRecord(decoding: record.encoded()) == record)
    }

    @Test func stampsSurviveARoundTrip() throws {
        let stamp = ClonedStamp(pid: 4_000_000, startTicks: 1 << 50, bootNanoseconds: 7, groupName: Array("12.3-4".utf8))
        #expect(try ClonedStamp(decoding: stamp.encoded()) == stamp)
        var bytes = stamp.encoded()
        bytes[9] ^= 4
        #expect(throws: JobLogError.invalid) { try ClonedStamp(decoding: bytes) }
        #expect(throws: JobLogError.invalid) { try ClonedStamp(decoding: []) }
    }
}
