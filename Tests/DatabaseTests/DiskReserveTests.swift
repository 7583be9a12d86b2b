import JobModel
import JobStore
import LinuxSys
import TestSupport
import Testing

@testable import Database

/// A disk that others fill as fast as they can, on a real file system.
@Suite(.serialized, .enabled(if: SmallDisk.isThere, "needs root, loop devices and mkfs.ext4")) struct DiskReserveTests {
    private static func open(_ disk: SmallDisk, reserve: Bytes) throws -> SQLiteStore {
        var options = SQLiteStore.Options()
        options.reserve = reserve
        return try SQLiteStore.open(directory: disk.path + "/state", options: options)
    }

    /// How many of the commits are done.
    private static func commits(_ store: SQLiteStore, _ numbers: ClosedRange<UInt64>) async -> Int {
        var done = 0
        for number in numbers { if (try? await store.commit(Fixture.submission(number))) != nil { done += 1 } }
        return done
    }

    @Test func theDatabaseGoesOnWhenTheDiskIsFull() async throws {
        let disk = try SmallDisk(mebibytes: 256)
        let store = try Self.open(disk, reserve: .mebibytes(12))
        defer { store.close() }
        let reserve = try #require(store.reserve)
        #expect(reserve.state.held == .mebibytes(12) && reserve.state.problem == nil && reserve.shortage == nil)
        #expect(await Self.commits(store, 1...10) == 10)
        try disk.fill()
        #expect(reserve.shortage?.contains("free on the disk of \(disk.path)/state, needed are 12M (disk_reserve)") == true)
        // More than a WAL, so that it is written back and begun anew several times.
        #expect(await Self.commits(store, 11...1500) == 1490)
        // Also what is large, and the savepoint that it needs.
        var large = Fixture.submission(2000)
        large.changes = (UInt64(2000)..<2090).map { number in
            var job = Fixture.job(number)
            job.spec.environment = ["TEXT": String(repeating: "x", count: 5000)]
            return .put(.job(job))
        }
        _ = try await store.commit(large)
        #expect(try await store.snapshot().entries.count > 1500)
        // What it used is taken anew once there is room; and the room that others want does not come from it.
        disk.stopFilling()
        await store.mendReserve()
        #expect(reserve.state.held == .mebibytes(12) && reserve.shortage == nil)
    }

    /// A start needs some room before the database has its files: it gives up some of what it held.
    @Test func itIsOpenedOnAFullDisk() async throws {
        let disk = try SmallDisk(mebibytes: 256)
        let first = try Self.open(disk, reserve: .mebibytes(12))
        #expect(await Self.commits(first, 1...10) == 10)
        try disk.fill()
        disk.stopWriting()
        first.close()
        // The WAL went with the close, and others took its blocks.
        try disk.fill()
        disk.stopWriting()
        let store = try Self.open(disk, reserve: .mebibytes(12))
        defer { store.close() }
        #expect(await Self.commits(store, 11...50) == 40)
        #expect(store.reserve?.shortage != nil)
    }

    /// What the reserve is good for: without one the same disk takes nothing.
    @Test func withoutAReserveNothingIsTaken() async throws {
        let disk = try SmallDisk(mebibytes: 256)
        let store = try Self.open(disk, reserve: .zero)
        defer { store.close() }
        #expect(store.reserve == nil)
        #expect(await Self.commits(store, 1...10) == 10)
        try disk.fill()
        #expect(await Self.commits(store, 11...300) < 290)
        disk.stopFilling()
        #expect(await Self.commits(store, 301...310) == 10)
    }

    /// A purge makes the file shorter, and with its end went what lay behind it.
    @Test func theReserveFollowsTheEndOfTheFile() async throws {
        let disk = try SmallDisk(mebibytes: 256)
        let store = try Self.open(disk, reserve: .mebibytes(12))
        defer { store.close() }
        let reserve = try #require(store.reserve)
        _ = await Self.commits(store, 1...2000)
        #expect(reserve.state.held == .mebibytes(12), "it grows with what is written")
        let before = try Descriptor.open(store.path, [.path]).status().size
        _ = try await store.pruneEvents(keeping: 0, since: WallTime(milliseconds: .max))
        _ = try await store.pruneAttempts(endedBefore: WallTime(milliseconds: .max), keeping: [])
        try await store.reclaim()
        #expect(try Descriptor.open(store.path, [.path]).status().size < before)
        #expect(reserve.state.held == .mebibytes(12))
    }

    @Test func aSmallDiskKeepsAShare() throws {
        #expect(DiskReserve.bounded(.mebibytes(256), total: 1 << 40) == .mebibytes(256))
        #expect(DiskReserve.bounded(.mebibytes(256), total: 1 << 30) == .mebibytes(64))
    }
}
