import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// The image's config (entry point, env, user, workdir, stop signal) is used.
    @Suite struct ImageConfigTests {
        let daemon: TestDaemon
        init() throws {
            daemon = try .required()
            guard try daemon.berth(["image", "show", "configured"]).status != 0 else { return }
            let layer = try readFile(TestImage.busybox(in: daemon.place), limit: 64 << 20)
            let top = TarBuilder.make { tar in
                tar.directory("etc")
                tar.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nimager:x:4321:4322::/data:/bin/sh\n")
                tar.file("etc/group", "root:x:0:\nimagers:x:4322:\nothers:x:77:\n")
            }
            let execution =
                #"{"Entrypoint":["/bin/sh","-c"],"Cmd":["echo $COLOUR; pwd; id -u; id -g"],"Env":["COLOUR=blue","PATH=/bin"],"#
                + #""WorkingDir":"/data","User":"imager","StopSignal":"SIGUSR2"}"#
            let archive = DockerArchiveBuilder.archive(
                layers: [layer, top], config: DockerArchiveBuilder.config([layer, top], execution: execution))
            let path = daemon.place("configured.tar")
            try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644).write(archive)
            let imported = try daemon.berth(["image", "import", path, "configured"])
            try #require(imported.status == 0, "\(imported)")
        }

        private func run(_ words: [String]) throws -> CommandResult {
            try daemon.berth(["run", "--image", "configured", "--no-cwd"] + words, as: .first)
        }

        @Test func entryPointAndCommandRunInItsDirectoryWithItsVariables() throws {
            let own = try run(["--user", "image"])
            #expect(own.status == 0 && own.output == "blue\n/data\n4321\n4322\n", "\(own)")
            // The job's own words take the place of the image's command, not of its entry point.
            let given = try run(["--environment", "COLOUR=red", "--", "echo $COLOUR; id -u"])
            #expect(given.output == "red\n\(TestUser.first.uid)\n", "\(given)")
            #expect(try run(["--working-directory", "/tmp", "--", "pwd"]).output == "/tmp\n")
        }

        @Test func anExecHasTheSameVariablesAndUser() throws {
            let id = try daemon.submit(["--image", "configured", "--no-cwd", "--user", "image", "--", "sleep 600"], as: .first)
            try daemon.await(id, "running")
            let inside = try daemon.berth(["exec", id, "--", "sh", "-c", "echo $COLOUR; pwd; id -u; id -g"], as: .first)
            #expect(inside.output == "blue\n/data\n4321\n4322\n", "\(inside)")
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }

        @Test(arguments: [false, true])
        func itsStopSignalIsUsed(restarted: Bool) throws {
            let script = "trap 'echo usr2; exit 0' USR2; trap 'echo term' TERM; echo ready; while true; do sleep 0.1; done"
            let id = try daemon.submit(["--image", "configured", "--no-cwd", "--", script])
            try daemon.awaitLog(id, "ready")
            if restarted { try daemon.restart() }
            try daemon.berth(["cancel", id])
            _ = try daemon.berth(["wait", id])
            #expect(try daemon.berth(["logs", id]).output == "ready\nusr2\n")
        }

        @Test func aUserThatTheImageDoesNotNameIsRefused() throws {
            let layer = try readFile(TestImage.busybox(in: daemon.place), limit: 64 << 20)
            let execution = #"{"Cmd":["/bin/id"],"User":"nobody-knows"}"#
            let archive = DockerArchiveBuilder.archive(layers: [layer], config: DockerArchiveBuilder.config([layer], execution: execution))
            let path = daemon.place("unknown.tar")
            try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644).write(archive)
            #expect(try daemon.berth(["image", "import", path, "unknown"]).status == 0)
            let result = try daemon.berth(["run", "--image", "unknown", "--no-cwd", "--user", "image"])
            #expect(result.status == 125 && result.errors.contains("nobody-knows") && result.errors.contains("/etc/passwd"), "\(result)")
        }
    }
}
