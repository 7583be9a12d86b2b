import JobLog
import Testing

@testable import Launcher

/// What a job used before a dump counts once, whether it was restored or goes on as it was.
@Suite struct UsageBeforeDumpTests {
    private func usage(_ user: UInt64, largest: UInt64 = 0, switches: UInt64 = 0) -> ProcessUsage {
        var usage = ProcessUsage()
        (usage.userMicroseconds, usage.maximumResidentKilobytes, usage.voluntarySwitches) = (user, largest, switches)
        return usage
    }

    @Test func aRestoreAddsWhatWasReapedAndWhatTheLivingHadUsed() {
        var before = UsageBeforeDump()
        before.dumped(usage(100, largest: 7))
        before.told(counter: 0, 50)
        before.told(counter: 0, 5)
        before.told(counter: 2, 9)
        before.told(counter: 5, 3)
        before.goesOn(usage(0))
        #expect(before.sum == usage(155, largest: 9, switches: 3) && before.isPartial)
        // And once more.
        before.dumped(usage(10))
        before.told(counter: 0, 1)
        before.goesOn(usage(2))
        #expect(before.sum == usage(166, largest: 9, switches: 3))
    }

    /// What was reaped after the dump was prepared is no sign of a restore.
    @Test(arguments: [100, 130]) func aDumpThatFailedAddsNothing(now: UInt64) {
        var before = UsageBeforeDump()
        before.dumped(usage(100))
        before.goesOn(usage(now))
        #expect(before.sum == ProcessUsage() && !before.isPartial)
    }

    /// Who restores it should have told what the living had used; who did not is found out by the kernel's counters.
    @Test func aRestoreOfWhichNothingIsToldIsSeen() {
        var before = UsageBeforeDump()
        before.dumped(usage(100))
        before.goesOn(usage(99))
        #expect(before.sum == usage(100) && before.isPartial)
    }

    @Test func countersThatThereAreNotChangeNothing() {
        var before = UsageBeforeDump()
        before.dumped(ProcessUsage())
        before.told(counter: 9, 5)
        before.told(counter: .max, 5)
        before.goesOn(ProcessUsage())
        #expect(before.sum == ProcessUsage() && before.isPartial)
    }
}
