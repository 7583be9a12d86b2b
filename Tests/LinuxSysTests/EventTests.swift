import LinuxSys
import Testing

@Suite struct EventTests {
    @Test func pollerTellsWhoIsReady() throws {
        let poller = try Poller()
        let one = try Descriptor.eventCounter()
        let two = try Descriptor.eventCounter()
        try poller.add(one, .readable, token: 1)
        try poller.add(two, .readable, token: .max)
        #expect(try poller.wait(milliseconds: 0).isEmpty)
        try two.signalEvent(3)
        let events = try poller.wait(milliseconds: 1000)
        #expect(events.map(\.token) == [.max])
        #expect(events[0].readiness.contains(.readable))
        #expect(try two.takeEvents() == 3)
        #expect(try two.takeEvents() == 0)
        try poller.remove(one)
        try one.signalEvent()
        #expect(try poller.wait(milliseconds: 0).isEmpty)
    }

    @Test func bootTimerFiresForAPastInstantAtOnce() throws {
        let timer = try Descriptor.bootTimer()
        #expect(try timer.takeEvents() == 0)
        try timer.armTimer(atBootNanoseconds: bootNanoseconds() - 1_000_000)
        #expect(try !poll(timer, for: .readable, milliseconds: 1000).isEmpty)
        #expect(try timer.takeEvents() == 1)
        try timer.armTimer(atBootNanoseconds: 0)
        #expect(try poll(timer, for: .readable, milliseconds: 0).isEmpty)
    }

    @Test func watcherNamesWhatChanged() throws {
        let scratch = try Scratch()
        let watcher = try FileWatcher()
        let watch = try watcher.add(scratch.directory, [.created, .closedAfterWrite, .movedIn])
        #expect(try watcher.read().isEmpty)
        try scratch.file("new", "x").close()
        try scratch.directory.rename("new", to: "renamed")
        let events = try watcher.read()
        #expect(events.map(\.watch).allSatisfy { $0 == watch })
        #expect(events.map(\.name) == ["new", "new", "renamed"])
        #expect(events.map(\.mask) == [.created, .closedAfterWrite, .movedIn])
    }

    @Test func bootClockAndIDAreTheKernels() throws {
        let uptime = try #require(Double(readTextFile("/proc/uptime").split(separator: " ")[0]))
        #expect(abs(Double(bootNanoseconds()) / 1e9 - uptime) < 5)
        #expect(try bootID().count == 36)
    }
}
