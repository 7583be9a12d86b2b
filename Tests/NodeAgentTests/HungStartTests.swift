import Containers
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// A start that waits for a server that does not answer.
    @Suite(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"), .timeLimit(.minutes(5)))
    struct HungStartTests {
        private func hang(_ node: Node, on stuck: StuckFileSystem) async throws -> AttemptID {
            let id = await node.assign(
                await node.job("exit 7") { $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path + "/below", target: "/stuck")] })
            try #require(stuck.isWaitedFor(within: 20))
            return id
        }

        @Test func itCanBeCancelledAndHoldsUpNobody() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let id = try await hang(node, on: stuck)
                #expect(await node.outcome(await node.assign(await node.job("exit 3"))) == .failed(code: 3))
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
                stuck.answer()
            }
        }

        /// Whether it is made ready while it is committed, or only then.
        @Test(arguments: [true, false]) func itFailsInTime(isPrepared: Bool) async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode(startTimeout: .seconds(2)) { node in
                let job = await node.job("exit 7") {
                    $0.spec.mounts = [MountSpec(kind: .bind, source: stuck.path + "/below", target: "/stuck")]
                }
                let id = isPrepared ? await node.prepare(job) : await node.assign(job)
                try #require(stuck.isWaitedFor(within: 20))
                if isPrepared { await node.change(id) { $0.isCommitted = true } }
                #expect(
                    await node.outcome(id) == .startFailed(operation: "open the paths of \(containerName(id)): no answer in time", errno: "ETIMEDOUT")
                )
                stuck.answer()
            }
        }

        /// Its helper, which no signal reaches, holds nothing that another launcher waits for.
        @Test func anotherLauncherDoesNotWaitForIt() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let id = try await hang(node, on: stuck)
                let (services, first) = await (node.services, node.services.runtime)
                try first.launcherProcess.signal(9)
                await node.eventually("another takes its place") { services.runtime !== first }
                #expect(await node.outcome(await node.assign(await node.job("exit 3"))) == .failed(code: 3))
                await node.change(id) { $0.record.stop = .cancelled }
                #expect(await node.outcome(id) == .cancelled)
                stuck.answer()
            }
        }

        /// It is left from another version, and waits for requests.
        @Test func aLauncherOfAnotherVersionIsRefused() throws {
            let place = try TemporaryDirectory("version")
            defer { place.remove() }
            let program = place("launcher")
            let script = "#!/usr/bin/perl\nopen(F, '+<&=', 3); syswrite(F, \"\\1\\377\\377\"); sysread(F, $_, 1); exit 7\n"
            try Descriptor.open(program, [.writeOnly, .create], mode: 0o755).write(script)
            let reactor = try Reactor()
            defer { reactor.stop() }
            let error = #expect(throws: LaunchError.self) { _ = try LauncherClient.start(program: program, runRoot: place.path, reactor: reactor) }
            #expect(error?.operation.contains("another version") == true, "\(String(describing: error))")
        }

        /// Whoever waits for a launcher is told what it waits for.
        @Test func whoHoldsTheLockIsTold() throws {
            let place = try TemporaryDirectory("locks", in: "/run")
            defer { place.remove() }
            let reactor = try Reactor()
            defer { reactor.stop() }
            let first = try LauncherClient.start(program: Programs.path("berth-init"), runRoot: place.path, reactor: reactor)
            var told: [String] = []
            let second = try LauncherClient.start(program: Programs.path("berth-init"), runRoot: place.path, reactor: reactor, patience: 100) {
                told.append($0)
                first.stop()
            }
            second.stop()
            #expect(told.count == 1 && told[0].hasPrefix("locked: \(place.path)/lock by \(first.process.pid) (berth-init, state S in "), "\(told)")
        }

        /// Nor does another daemon; what hung is started anew by it, once.
        @Test func anotherDaemonDoesNotWaitForIt() async throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            try await withNode { node in
                let here = try node.place.directory("out", owner: .first)
                let id = await node.assign(
                    await node.job("echo ran >> \(here)/ran; exit 7") {
                        $0.spec.mounts = [
                            MountSpec(kind: .bind, source: here, target: here),
                            MountSpec(kind: .bind, source: stuck.path + "/below", target: "/stuck"),
                        ]
                    })
                try #require(stuck.isWaitedFor(within: 20))
                try await node.services.runtime.launcherProcess.signal(9)
                try await node.restart()
                #expect(await node.outcome(await node.assign(await node.job("exit 3"))) == .failed(code: 3))
                #expect(await node.recorder.last(id)?.state == .starting)
                // Whoever asks for the same name asks again when the first was answered.
                await node.eventually("it is answered") {
                    stuck.answer()
                    return await node.recorder.last(id)?.state == .finished
                }
                let outcome = await node.outcome(id)
                guard case .startFailed(let operation, "ENOENT") = outcome else {
                    Issue.record("\(String(describing: outcome))")
                    return
                }
                #expect(operation.hasSuffix(stuck.path + "/below"))
                #expect(!Programs.exists("\(here)/ran"))
            }
        }
    }
}
