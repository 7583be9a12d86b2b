import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// Binds, overlays and files of an image that is not trusted.
extension KernelTests {
    @Suite struct MountTests {
        private static let user: UInt32 = 4242

        /// A program whose submitter's ids are punched into the map, with a directory of his bound at /data.
        private func builder(
            _ harness: LauncherHarness, _ name: String, _ script: String, source: String, user: UInt32,
            without: CloneMount.WithoutIDMap = .fail
        ) throws -> ProgramBuilder {
            var builder = try ProgramBuilder(harness, name, ["sh", "-c", script], user: user)
            builder.program.submitter = Identity(user: Self.user, group: Self.user)
            let slot = LauncherHarness.slot
            let map = [
                LaunchExtent(inside: 0, outside: slot, count: Self.user), LaunchExtent(inside: Self.user, outside: Self.user, count: 1),
                LaunchExtent(inside: Self.user + 1, outside: slot + Self.user + 1, count: 65_535 - Self.user),
            ]
            builder.program.uidMap = map
            builder.program.gidMap = map
            // The bind is mapped to the submitter's ids alone.
            let only = [LaunchExtent(inside: Self.user, outside: Self.user, count: 1)]
            let answer = try #require(try harness.send(.userNamespace(uidMap: only, gidMap: only)).next())
            let namespace = builder.pass(try #require(answer.descriptors.first))
            let protected = builder.pass(try Descriptor.open("\(harness.directory)/run", [.directory]))
            builder.program.hostOperations += [
                .openAsSubmitter(path: ByteString(source), how: .source, into: DescriptorIndex(700)),
                .refuseProtected(DescriptorIndex(700), path: ByteString(source), directories: [protected]),
                .cloneMount(
                    CloneMount(
                        source: DescriptorIndex(700), path: ByteString(source), attributes: [.noSetUID, .noDevices], idMap: namespace,
                        withoutIDMap: without, into: DescriptorIndex(701))),
            ]
            let pivot = builder.program.containerOperations.count - 1
            builder.program.containerOperations.insert(.attach(mount: DescriptorIndex(701), path: "/data", target: .likeSource), at: pivot)
            return builder
        }

        /// A directory of the submitter's, reachable for him.
        private func directory(_ harness: LauncherHarness) throws -> String {
            chmod(harness.directory, 0o755)
            let path = "\(harness.directory)/home"
            mkdir(path, 0o755)
            chown(path, Self.user, Self.user)
            try Data("old\n".utf8).write(to: URL(fileURLWithPath: path + "/file"))
            chown(path + "/file", Self.user, Self.user)
            return path
        }

        @Test func theSubmitterWorksInHisBind() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let home = try directory(harness)
            let script = "cat /data/file; echo new > /data/made; stat -c %u /data/file /data/made; grep data /proc/self/mountinfo"
            let job = try builder(harness, "one", script, source: home, user: Self.user).start(harness)
            #expect(job.failure == nil)
            #expect(try job.record().outcome == .ended(waitStatus: 0))
            #expect(try job.text().hasPrefix("old\n\(Self.user)\n\(Self.user)\n"))
            #expect(try job.text().contains("nosuid,nodev"))
            #expect(try Descriptor.open(home + "/made").status().uid == Self.user)
        }

        @Test func rootInsideCanNeitherCreateNorChownThere() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let home = try directory(harness)
            let script = "touch /data/mine; echo $?; busybox chown 0 /data/file; echo $?"
            let job = try builder(harness, "one", script, source: home, user: 0).start(harness)
            _ = try job.record()
            #expect(try job.text() == "1\n1\n")
            #expect(try Descriptor.open(home + "/file").status().uid == Self.user)
            #expect(access(home + "/mine", F_OK) != 0)
        }

        @Test func protectedDirectoriesAreRefused() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            _ = try directory(harness)
            let run = "\(harness.directory)/run"
            mkdir(run + "/below", 0o755)
            chmod(run, 0o755)
            try Data("x".utf8).write(to: URL(fileURLWithPath: run + "/below/file"))
            symlink(run, "\(harness.directory)/home/link")
            for (number, source) in [
                run, run + "/below", run + "/below/file", harness.directory, "/", "\(harness.directory)/home/link/below",
            ].enumerated() {
                let job = try builder(harness, "job\(number)", "true", source: source, user: 0, without: .readOnly).start(harness)
                #expect(job.failure?.stage == .hostOperation)
                #expect(job.failure?.errno == EACCES, "\(source)")
            }
            let file = try builder(harness, "file", "cat /data", source: "\(harness.directory)/home/file", user: Self.user).start(harness)
            #expect(try file.record().outcome == .ended(waitStatus: 0))
            #expect(try file.text() == "old\n")
        }

        /// An overlay cannot be id-mapped: fail, read-only, or plain without the capabilities that act as others.
        @Test func whatCannotBeMappedIsDoneAsToldAndExecTakesNothingBack() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let home = try directory(harness)
            for part in ["lower", "upper", "work", "merged"] { mkdir("\(harness.directory)/\(part)", 0o777) }
            let merged = "\(harness.directory)/merged"
            let base = harness.directory
            try Mount.mount("none", at: merged, type: "overlay", data: "lowerdir=\(home),upperdir=\(base)/upper,workdir=\(base)/work")
            defer { try? Mount.detach(merged) }
            let refused = try builder(harness, "one", "true", source: merged, user: 0).start(harness)
            #expect(refused.failure?.detail == ByteString("id-map mount of \(merged)"))
            let readOnly = try builder(harness, "two", "touch /data/x", source: merged, user: 0, without: .readOnly).start(harness)
            #expect(try readOnly.record().outcome == .ended(waitStatus: 1 << 8))
            #expect(try readOnly.text(.error).contains("Read-only"))
            let chown: UInt64 = 1
            var plain = try builder(
                harness, "three", "grep CapBnd /proc/self/status; sleep 100", source: merged, user: Self.user, without: .plain)
            plain.program.withoutIDMapDropsCapabilities = chown
            let job = try plain.start(harness)
            try job.waitFor("CapBnd:\t00000000a80425fa")
            let inside = try job.execute(["grep", "Cap", "/proc/self/status"])
            #expect(inside.contains("CapEff:\t00000000a80425fa"))
            #expect(inside.contains("CapBnd:\t00000000a80425fa"))
        }

        @Test(arguments: [false, true]) func aStagedOverlayWorks(_ joined: Bool) throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "echo x > /root/y; cat /second /root/y"])
            let base = "\(harness.directory)/staged"
            for part in ["", "/upper", "/work", "/layer"] { mkdir(base + part, 0o755) }
            chown(base + "/upper", LauncherHarness.slot, LauncherHarness.slot)
            try Data("two\n".utf8).write(to: URL(fileURLWithPath: base + "/layer/second"))
            let second = try Mount.clone(ofPath: base + "/layer")
            try Mount.setAttributes(of: second, idMap: try TestRoot.userNamespace(harness))
            let overlay = StagedOverlay(
                layers: [DescriptorIndex(0), DescriptorIndex(1)], scratch: DescriptorIndex(2), joinedLayers: joined)
            let table = [second, try TestRoot.layer(harness), try Mount.clone(ofPath: base)]
            let answer = try #require(try harness.send(.stagedOverlay(overlay), table: table).next())
            #expect(answer.answer == .descriptor)
            builder.table[0] = try #require(answer.descriptors.first)
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            #expect(try job.record().outcome == .ended(waitStatus: 0))
            #expect(try job.text() == "two\nx\n")
            #expect(access(base + "/upper/root/y", F_OK) == 0)
        }

        @Test func aReadOnlyRootIsAFailedStart() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            builder.table[0] = try TestRoot.readOnlyOverlay(harness)
            #expect(
                try builder.start(harness).failure
                    == LaunchFailure(stage: .containerOperation, index: 0, errno: EROFS, detail: "root is read-only"))
        }

        /// Links of an image that lead out of it lead nowhere.
        @Test func aHostileImageWritesNothingOutside() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(
                harness, "one", ["sh", "-c", "cat /etc/hosts /etc/resolv.conf; cat /etc/passwd /out/victim; ls -l /etc"])
            let victim = "\(harness.directory)/victim"
            try Data("untouched\n".utf8).write(to: URL(fileURLWithPath: victim))
            let upper = "\(harness.directory)/scratch-one/upper"
            mkdir(upper + "/etc", 0o755)
            chown(upper + "/etc", LauncherHarness.slot, LauncherHarness.slot)
            symlink(victim, upper + "/etc/hosts")
            symlink("../../../../../../../../..\(victim)", upper + "/etc/resolv.conf")
            symlink("/../../../../../..\(harness.directory)", upper + "/out")
            symlink("/../..\(victim)", upper + "/etc/passwd")
            builder.program.containerOperations.insert(
                contentsOf: [
                    .writeFile(path: "/etc/hosts", mode: 0o644, contents: "hosts\n"),
                    .writeFile(path: "/etc/resolv.conf", mode: 0o644, contents: "resolv\n"),
                ], at: 1)
            // Parents through a link that dangles inside the root cannot be made.
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            _ = try job.record()
            let complaints = try job.text(.error)
            #expect(try job.text().hasPrefix("hosts\nresolv\n"), "\(complaints)")
            #expect(try !job.text().contains("untouched"))
            #expect(try readTextFile(victim) == "untouched\n")
            var through = try ProgramBuilder(harness, "two", ["true"])
            symlink("/../../../../../..\(harness.directory)", "\(harness.directory)/scratch-two/upper/out")
            through.program.containerOperations.insert(.writeFile(path: "/out/made", mode: 0o644, contents: "x"), at: 1)
            #expect(try through.start(harness).failure?.errno == EEXIST)
            #expect(access("\(harness.directory)/made", F_OK) != 0)
        }

        @Test func filesAndSysctlsAreWritten() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script =
                "cat /etc/passwd /made/here/file; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni; hostname"
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", script])
            let pivot = builder.program.containerOperations.count - 2
            builder.program.containerOperations.insert(
                contentsOf: [
                    .appendLine(path: "/etc/passwd", field: 0, key: "root", line: "root:x:0:0:again:/:/bin/sh"),
                    .appendLine(path: "/etc/passwd", field: 2, key: "4242", line: "someone:x:4242:4242::/:/bin/sh"),
                    .writeFile(path: "/made/here/file", mode: 0o600, contents: "text\n"),
                    .sysctl(key: "net/ipv4/ip_unprivileged_port_start", value: "77"), .sysctl(key: "kernel/shmmni", value: "99"),
                ], at: pivot)
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            #expect(try job.record().outcome == .ended(waitStatus: 0))
            #expect(
                try job.text() == "root:x:0:0:root:/root:/bin/sh\nsomeone:x:4242:4242::/:/bin/sh\ntext\n77\n99\ninside\n")
        }
    }
}
