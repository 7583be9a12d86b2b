import JobLog
import LaunchProgram
import LinuxSys
import TestSupport
import Testing

@testable import Containers

/// A start that failed while no daemon looked is told as one that a daemon watched.
@Suite struct StartFailureTests {
    private func summary(_ failure: LaunchFailure, told: Bool = true) throws -> ExitSummary? {
        let place = try TemporaryDirectory("record")
        defer { place.remove() }
        var record = ExitRecord(outcome: .startFailed(stage: failure.stage.rawValue, index: failure.index, errno: failure.errno))
        if told { record.failure = failure.detail.bytes }
        let directory = try Descriptor.open(place.path, [.path, .directory])
        try directory.open(at: RunFile.record.string, [.writeOnly, .create], mode: 0o600).write(record.encoded())
        return ExitEvidence(runDirectory: directory).summary
    }

    @Test(arguments: [
        LaunchFailure(stage: .exec, errno: 2, detail: "/bin/nowhere"),
        LaunchFailure(stage: .exec, errno: 13, detail: "exec /etc/passwd"),
        LaunchFailure(stage: .containerOperation, index: 4, errno: 2, detail: "mount proc on /proc"),
        LaunchFailure(stage: .monitor, errno: 1, detail: "setresuid"),
    ])
    func toldFromTheRecord(failure: LaunchFailure) throws {
        let told = try #require(try summary(failure)?.startFailure)
        #expect(told == LaunchError(failure))
        #expect(!told.operation.contains("stage"))
    }

    @Test func anOlderRecordSaysWhere() throws {
        let told = try summary(LaunchFailure(stage: .containerOperation, index: 4, errno: 2, detail: ""), told: false)?.startFailure
        #expect(told?.operation == "operation 4 of launch stage 6" && told?.errno == "ENOENT")
    }
}
