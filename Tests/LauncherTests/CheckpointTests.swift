import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import TestSupport
import Testing

/// Round trips through CRIU with PID 1 inside the dump: docs/checkpoint.md. The attack on PID 1 runs throughout.
extension KernelTests {
    @Suite(.enabled(if: RoundTrip.canRun, "needs CRIU 4.1 (scripts/criu) and a C compiler"))
    struct CheckpointTests {
        /// One of each kind, or ten of every kind there is. The log under emulation, where a trip takes most of a minute, is `asOftenAsIsLiked`'s.
        private static let ways: [CheckpointWay] = {
            let rounds = Torture.rounds(0, "BERTH_CHECKPOINT_ROUNDS")
            let v1 = CheckpointWay.Freezer.v1, v2 = CheckpointWay.Freezer.v2
            if rounds == 0 {
                let log = Programs.isEmulated ? [] : [CheckpointWay(v2, .log, isAhead: true), CheckpointWay(v1, .log)]
                return (log + [CheckpointWay(v2, .terminal), CheckpointWay(v2, .files), CheckpointWay(v1, .terminal)])
                    .filter { $0.freezer.directory != nil }
            }
            var all: [CheckpointWay] = []
            for round in 1...min(10, rounds) {
                for streams in CheckpointWay.Streams.allCases {
                    all += [CheckpointWay(v2, streams, round), CheckpointWay(v2, streams, round, isAhead: true), CheckpointWay(v1, streams, round)]
                }
            }
            return all.filter { $0.freezer.directory != nil }
        }()

        @Test(arguments: ways) func theJobGoesOnAfterDumpAndRestore(way: CheckpointWay) throws {
            let trip = try CheckpointTrip(way)
            defer { trip.end() }
            try trip.begin()
            try trip.dump()
            let pid = try trip.restore()
            try trip.goesOn(pid)
            try trip.conclude(pid)
        }

        /// Suspended, resumed and suspended again; and a dump that fails in between changes nothing.
        @Test(.enabled(if: CheckpointWay.Freezer.v2.directory != nil, "needs cgroup v2"))
        func asOftenAsIsLiked() throws {
            let trip = try CheckpointTrip(CheckpointWay(.v2, .log))
            defer { trip.end() }
            try trip.begin()
            var pid = try #require(trip.job.monitor).pid
            #expect(throws: RoundTrip.Failure.self) { try trip.trip.dump(monitor: pid, criu: "/bin/false") }
            #expect(try Descriptor.open("/proc/\(pid)/maps").status().uid == 0)
            try trip.goesOn(pid)
            for _ in 0..<2 {
                try trip.dump(monitor: pid)
                pid = try trip.restore()
                try trip.goesOn(pid)
            }
            try trip.conclude(pid)
        }
    }
}
