import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// One real container after another; needs root, user namespaces and busybox.
@Suite(.serialized, .enabled(if: getuid() == 0 && access("/bin/busybox", X_OK) == 0, "needs root and busybox-static"))
struct LaunchTests {
    @Test func aJobPrintsAndEnds() throws {
        let harness = try LauncherHarness()
        defer { harness.stop() }
        let job = try ProgramBuilder(harness, "one", ["sh", "-c", "echo hello; echo wrong >&2; exit 7"]).start(harness)
        #expect(job.failure == nil)
        let record = try job.record()
        #expect(record.outcome == .ended(waitStatus: 7 << 8))
        #expect(try job.text() == "hello\n")
        #expect(try job.text(.error) == "wrong\n")
        #expect(record.logBytesKept == 12)
        #expect(record.endBootNanoseconds > record.startBootNanoseconds)
        #expect(record.usage.maximumResidentKilobytes > 0)
    }
}
