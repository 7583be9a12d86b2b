import Foundation
import LaunchProgram
import LinuxSys
import Testing

extension KernelTests {
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["BERTH_BENCH"] != nil, "needs BERTH_BENCH"))
    struct BenchTests {
        @Test func starts() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var times: [Double] = []
            var runs: [Double] = []
            for number in 0..<200 {
                let builder = try ProgramBuilder(harness, "job\(number)", ["true"])
                let begin = DispatchTime.now().uptimeNanoseconds
                let job = try builder.start(harness)
                let running = DispatchTime.now().uptimeNanoseconds
                _ = try job.record()
                let end = DispatchTime.now().uptimeNanoseconds
                runs.append(Double(running - begin) / 1e6)
                times.append(Double(end - begin) / 1e6)
            }
            times.sort()
            runs.sort()
            print("BENCH running median \(runs[100]) min \(runs[0]); end median \(times[100]) min \(times[0]) p95 \(times[190])")
        }
    }
}
