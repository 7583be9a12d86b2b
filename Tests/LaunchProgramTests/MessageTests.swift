import LaunchProgram
import TestSupport
import Testing

struct MessageTests {
    private static let requests: [LauncherRequest] = [
        .start, .execute, .moreDescriptors,
        .userNamespace(uidMap: [IDMapExtent(inside: 0, outside: 5, count: 7)], gidMap: []),
        .stagedOverlay(
            StagedOverlay(
                layers: [DescriptorIndex(0), DescriptorIndex(1)], scratch: DescriptorIndex(2),
                options: [.init("xino", "off"), .init("volatile")])),
        .prepare, .discard(number: 17),
    ]

    private static let answers: [LauncherAnswer] = [
        .ready(version: 1), .started(pid: 77), .running(bootNanoseconds: 1 << 60, pid: 2), .exited(waitStatus: 256), .descriptor,
        .failed(LaunchFailure(stage: .containerOperation, index: 3, errno: 2, detail: "mount proc on /proc")),
        .prepared(), .helping(pid: 5), .started(pid: 77, launcherTimes), .prepared(monitorTimes),
    ]

    /// Each of them its own.
    private static let launcherTimes: LauncherTimes = {
        var times = LauncherTimes()
        (times.received, times.opened, times.cloned) = (1 << 60, 2, 3)
        return times
    }()

    private static let monitorTimes: MonitorTimes = {
        var times = MonitorTimes()
        (times.joined, times.forked, times.mounted, times.ready) = (4, 1 << 59, 6, 7)
        return times
    }()

    private static let controls: [ControlMessage] = [
        .signalMain(15), .signalAll(9), .resize(TerminalSize(rows: 24, columns: 65535)), .closeInput, .prepareDump, .goOn,
        .usedBefore(counter: 8, .max - 1),
    ]

    @Test func messagesSurviveARoundTrip() throws {
        for request in Self.requests { #expect(try LauncherRequest(decoding: request.encoded()) == request) }
        for answer in Self.answers { #expect(try LauncherAnswer(decoding: answer.encoded()) == answer) }
        for control in Self.controls {
            #expect(control.encoded().count == ControlMessage.size)
            #expect(try ControlMessage(decoding: control.encoded()) == control)
        }
    }

    @Test func mutatedMessagesNeverTrap() {
        var random = SeededGenerator()
        for _ in 0..<20_000 {
            var request = Self.requests.randomElement(using: &random)!.encoded()
            random.mutate(&request)
            _ = try? LauncherRequest(decoding: request)
            var answer = Self.answers.randomElement(using: &random)!.encoded()
            random.mutate(&answer)
            _ = try? LauncherAnswer(decoding: answer)
            var control = Self.controls.randomElement(using: &random)!.encoded()
            random.mutate(&control)
            _ = try? ControlMessage(decoding: control)
        }
    }

    @Test func aSignalBeyondTheLastIsRefused() {
        #expect(throws: DecodeError.range) { try ControlMessage(decoding: ControlMessage.signalMain(65).encoded()) }
        #expect(throws: DecodeError.range) { try ControlMessage(decoding: ControlMessage.signalAll(0).encoded()) }
    }
}
