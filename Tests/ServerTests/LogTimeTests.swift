import JobModel
import Testing

@testable import Server

/// The times in a log, by the clocks of its attempt's start.
@Suite struct LogTimeTests {
    /// An attempt of a boot whose clock stood elsewhere, and whose wall clock did.
    private let start = Instant(boot: BootTime(nanoseconds: 5_000_000_000), wall: WallTime(milliseconds: 1_000_000))

    @Test(arguments: [(5_000_000_000, 1_000_000), (5_250_000_000, 1_000_250), (4_000_000_000, 999_000), (0, 995_000)] as [(UInt64, Int64)])
    func aFrameIsAsFarFromTheStartAsOnItsOwnClock(boot: UInt64, wall: Int64) {
        #expect(start.wall(at: boot) == WallTime(milliseconds: wall))
    }

    /// What a damaged log tells ends at the end of the range.
    @Test(arguments: [UInt64(1) << 63, .max, UInt64(Int64.max)])
    func aGarbageTimeIsSurvived(boot: UInt64) {
        #expect(start.wall(at: boot) == start.wall(at: UInt64(Int64.max)))
        let early = Instant(boot: BootTime(nanoseconds: .min), wall: WallTime(milliseconds: .max))
        #expect(early.wall(at: boot) == WallTime(milliseconds: .max))
    }
}
