import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What a daemon finds when it starts: others of its kind, and what earlier boots and other versions left. Each on a daemon of its own.
    @Suite struct SurroundingsTests {
        /// Several daemons started at once on one state directory, where a job runs: one of them takes it over, the others are refused.
        @Test func ofManyDaemonsOneStarts() throws {
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let here = daemon.place("work")
            let id = try daemon.submit(script: "echo ran >> ran; while [ ! -e go ]; do sleep 0.1; done; exit 4", ["--cpu", "0.2"], in: here)
            eventually("it runs") { Programs.exists("\(here)/ran") }
            for _ in 0..<3 {
                try daemon.kill()
                let rivals = try (0..<3).map { _ in try Command([Programs.path("berthd"), "--config", daemon.configurationFile]).start() }
                try daemon.launch()
                eventually("one is left") { rivals.count { $0.handle.isAlive } + (daemon.isAlive ? 1 : 0) == 1 }
                try eventually("it answers") { try daemon.berth("version").status == 0 && daemon.berth("node").status == 0 }
                for rival in rivals where !rival.handle.isAlive {
                    let result = try rival.finish()
                    #expect(result.status == 1 && result.errors.contains("in use by another berthd"), "\(result)")
                }
                #expect(try daemon.taskState(id) == "running")
                #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.2", "--", "true"]).status == 0)
                for rival in rivals where rival.handle.isAlive {
                    rival.signal(9)
                    _ = try rival.finish()
                }
            }
            try daemon.restart()
            try Command(["touch", "\(here)/go"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 4)
            #expect(try readTextFile("\(here)/ran") == "ran\n")
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        /// The run directory lies on a disk: socket and run directories of an earlier boot are still there.
        @Test func whatAnEarlierBootLeftIsNoHindrance() throws {
            let daemon = try TestDaemon()
            try daemon.start(inBoot: 1)
            try daemon.prepare()
            let here = daemon.place("work")
            let script = "echo $BERTH_ATTEMPT >> ran-$BERTH_JOB_ID; [ $BERTH_ATTEMPT = 1 ] && sleep 600; exit 0"
            let lost = try daemon.submit(script: script, ["--cpu", "0.2"], in: here)
            let again = try daemon.submit(script: script, ["--cpu", "0.2", "--rerun", "on-loss"], in: here)
            let held = try daemon.submit(script: script, ["--cpu", "0.2", "--hold"], in: here)
            for id in [lost, again] { eventually("it runs") { Programs.exists("\(here)/ran-\(id)") } }
            try daemon.losePower(keepsRunDirectory: true)
            let left = try Descriptor.open(daemon.runPlace.path, [.readOnly, .directory]).names()
            #expect(left.contains("berthd.sock") && left.contains { $0.hasPrefix("attempts-") }, "\(left)")
            try daemon.start(inBoot: 2)
            #expect(try daemon.berth(["wait", "--timeout", "60s", again]).status == 0)
            #expect(try readTextFile("\(here)/ran-\(again)") == "1\n2\n")
            _ = try daemon.berth(["wait", "--timeout", "60s", lost])
            #expect(try daemon.show(lost)["attempts"].list.map { $0["outcome"]["kind"].text } == ["nodeLost"])
            #expect(try daemon.show(again)["attempts"].list.map { $0["outcome"]["kind"].text } == ["nodeLost", "succeeded"])
            #expect(try daemon.taskState(held) == "held")
            let boots = try Descriptor.open(daemon.runPlace.path, [.readOnly, .directory]).names().filter { $0.hasPrefix("attempts-") }
            #expect(boots.count == 1 && boots[0].hasSuffix("2"), "\(boots)")
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }
    }
}
