import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §7, sentence by sentence.
    @Suite struct IdentityTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private static let slots = 1_879_048_192...2_147_352_575

        /// contract §7: in a bind the submitter writes where it may outside, also where the directory is another's; others inside cannot.
        @Test func aSharedDirectoryIsWritable() throws {
            let here = try daemon.place.directory("shared-\(UInt32.random(in: 0 ... .max))", mode: 0o1777, owner: .second)
            let made = try daemon.runToEnd(
                script: "echo 1 > \(here)/mine; mkdir \(here)/below; rmdir \(here)/below", ["--mounts", here], as: .first)
            #expect(made.status == 0, "\(made)")
            #expect(try Descriptor.open("\(here)/mine", .path).status().uid == TestUser.first.uid)
            let inside = try daemon.runToEnd(
                script: "id -u; touch \(here)/roots 2>&1; chown 0 \(here)/mine 2>&1", ["--mounts", here, "--user", "image"],
                as: .first)
            let lines = inside.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0] == "0" && lines[1...].allSatisfy { $0.contains("Value too large") }, "\(inside)")
        }

        /// What Berth writes below /etc goes to the container, not through a bind that covers it.
        @Test(arguments: [true, false]) func aBindOverEtcIsLeftAsItIs(asRoot: Bool) throws {
            let user: TestUser? = asRoot ? nil : .first
            let here = try daemon.place.directory("etc-\(UInt32.random(in: 0 ... .max))", owner: user)
            for name in ["hostname", "hosts", "resolv.conf"] {
                try Descriptor.open("\(here)/\(name)", [.writeOnly, .create], mode: 0o644).write("theirs\n")
                if let user { try Command(["chown", "\(user.uid):\(user.gid)", "\(here)/\(name)"]).run() }
            }
            let result = try daemon.runToEnd(script: "cat /etc/hostname", ["--mounts", "\(here):/etc"], as: user)
            #expect(result.status == 0 && result.output == "theirs\n", "\(result)")
            for name in ["hostname", "hosts", "resolv.conf"] { #expect(try readTextFile("\(here)/\(name)") == "theirs\n") }
        }

        /// The directory of the submit lies where the kernel's own file systems do: nothing covers those.
        @Test func kernelDirectoriesAreNoPlaceToSubmitFrom() throws {
            for directory in ["/proc", "/sys", "/dev"] {
                let result = try daemon.berth(["submit", "--", "true"], in: directory)
                #expect(result.status == 2 && result.errors.contains("outside /proc, /sys and /dev"), "\(result)")
            }
        }

        /// contract §7: a job starts as its submitter: uid, gid and supplementary groups.
        @Test func aJobStartsAsItsSubmitter() throws {
            let result = try daemon.runToEnd(script: "id -u; id -g; id -G", as: .operator_)
            let lines = result.output.split(separator: "\n").map(String.init)
            let account = try #require(try UserAccount(name: TestUser.operator_.name))
            #expect(lines.count == 3 && lines[0] == "\(account.uid)" && lines[1] == "\(account.gid)", "\(result)")
            let groups = Set(lines.last?.split(separator: " ").compactMap { UInt32($0) } ?? [])
            #expect(groups == Set(try account.groups()).union([account.gid]), "\(result)")
        }

        /// contract §7: with `user: N` it starts as that user of the image.
        @Test(arguments: [("0", "0 0"), ("4321:4321", "4321 4321"), ("1000:100", "1000 100")])
        func usersOfTheImage(user: String, expected: String) throws {
            let result = try daemon.runToEnd(script: "echo $(id -u) $(id -g)", ["--user", user], as: .first)
            #expect(result.output == expected + "\n", "\(result)")
        }

        /// contract §7: the map is the user's slot with the submitter's own ids punched in one to one; nothing else outside.
        @Test func theMapHoldsTheSlotAndTheSubmitterAlone() throws {
            for (file, own) in [("uid_map", TestUser.first.uid), ("gid_map", TestUser.first.gid)] {
                let text = try daemon.runToEnd(script: "cat /proc/self/\(file)", as: .first).output
                var punched = 0
                for line in text.split(separator: "\n") {
                    let numbers = line.split(separator: " ").compactMap { Int($0) }
                    #expect(numbers.count == 3)
                    if numbers[1] == Int(own) {
                        punched += 1; #expect(numbers[0] == Int(own) && numbers[2] == 1)
                    } else {
                        #expect(Self.slots.contains(numbers[1]))
                    }
                }
                #expect(punched == 1, "\(text)")
            }
        }

        /// contract §7: a slot belongs to one user of the machine for ever.
        @Test func slotsAreOfOneUserAndStay() throws {
            func slot(_ user: TestUser) throws -> String? {
                let text = try daemon.runToEnd(script: "cat /proc/self/uid_map", as: user).output
                return text.split(separator: "\n").first { $0.split(separator: " ").first == "0" }?.split(separator: " ").dropFirst().first.map(
                    String.init)
            }
            let (first, second) = (try #require(try slot(.first)), try #require(try slot(.second)))
            #expect(first != second)
            try daemon.restart()
            #expect(try slot(.first) == first)
        }

        /// contract §7: every read-write bind is id-mapped to the submitter's ids alone: others inside (root too) can neither create nor chown,
        /// the submitter can.
        @Test func inTheDirectoryOfTheSubmitOnlyTheSubmitterWrites() throws {
            let here = try daemon.place.directory("owned-\(UInt32.random(in: .min ... .max))", mode: 0o777, owner: .first)
            let own = try daemon.runToEnd(script: "echo mine > mine; mkdir dir; chmod 640 mine", as: .first, in: here)
            #expect(own.status == 0, "\(own)")
            let owner = try Command(["stat", "-c", "%u:%g", "\(here)/mine", "\(here)/dir"]).run().output
            #expect(owner == String(repeating: "\(TestUser.first.uid):\(TestUser.first.gid)\n", count: 2))
            let root = "touch root; mkdir rootdir; chown 0 mine; chown 5 mine; ln -s x link; mknod fifo p; chmod 4777 mine"
            let hostile = try daemon.runToEnd(script: root, ["--user", "0"], as: .first, in: here)
            let names = try Command(["ls", here]).run().output
            #expect(names == "dir\nmine\n", "\(names) \(hostile)")
            #expect(try Command(["stat", "-c", "%u:%g", "\(here)/mine"]).run().line == "\(TestUser.first.uid):\(TestUser.first.gid)")
        }

        /// contract §7: nothing a job does in a bind belongs to or touches another person.
        @Test func othersFilesInABindStayOthers() throws {
            let here = try daemon.place.directory("mixed-\(UInt32.random(in: .min ... .max))", mode: 0o777, owner: .first)
            let name = here.split(separator: "/").last.map(String.init) ?? ""
            try daemon.place.write("\(name)/secret", "of the second\n", mode: 0o600, owner: .second)
            try daemon.place.write("\(name)/roots", "of root\n", mode: 0o600)
            for words in [[], ["--user", "0"], ["--user", "\(TestUser.second.uid)"]] {
                let result = try daemon.runToEnd(
                    script: "cat secret roots; echo x > secret; echo x > roots; chmod 666 secret roots; id", words, as: .first, in: here)
                #expect(!result.output.contains("of the second") && !result.output.contains("of root"), "\(words) \(result)")
            }
            #expect(try Command(["stat", "-c", "%a %u", "\(here)/secret"]).run().line == "600 \(TestUser.second.uid)")
            #expect(try Command(["cat", "\(here)/roots"]).run().line == "of root")
        }

        /// contract §7: a set-uid file in a bind has no effect (nosuid, no_new_privs).
        @Test func setUidFilesHaveNoEffect() throws {
            let here = try daemon.place.directory("suid-\(UInt32.random(in: .min ... .max))", mode: 0o777, owner: .first)
            try Command(["sh", "-c", "cp /bin/busybox \(here)/id && chmod 4755 \(here)/id"]).run()
            let result = try daemon.runToEnd(script: "./id -u; ls -ln id", as: .first, in: here)
            #expect(result.output.hasPrefix("\(TestUser.first.uid)\n"), "\(result)")
        }

        /// contract §7: what a job writes to its upper lies there as slot + n; image ids are slot ids.
        @Test func whatAJobWritesIsNobodysOutside() throws {
            let id = try daemon.submit(
                script: "touch /root/of-root; chown 77 /root/of-root; touch /root/second; echo ready; sleep 60", ["--user", "0"], as: .first)
            try daemon.awaitLog(id, "ready")
            let pid = try #require(try daemon.show(id)["attempts"][-1]["pid"].number)
            let text = try Command([
                "stat", "-c", "%u", "/proc/\(pid)/root/root/of-root", "/proc/\(pid)/root/root/second", "/proc/\(pid)/root/bin/busybox",
            ]).run().output
            let ids = text.split(separator: "\n").compactMap { Int($0) }
            #expect(ids.count == 3 && ids.allSatisfy { Self.slots.contains($0) }, "\(text)")
            if ids.count == 3 { #expect(ids[0] - ids[1] == 77) }
            for process in try daemon.processes(of: id) {
                let status = (try? readTextFile("/proc/\(process)/status")) ?? ""
                let uids =
                    status.split(separator: "\n").first { $0.hasPrefix("Uid:") }?.split(separator: "\t").dropFirst().compactMap { Int($0) } ?? []
                #expect(uids.allSatisfy { Self.slots.contains($0) }, "\(process): \(uids)")
            }
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }

        /// contract §7: image layers lie on disk as a base + n, never as real root's.
        @Test func layersAreNotRealRoots() throws {
            let found = try Command(["find", "\(daemon.state)/images", "-name", "busybox", "-type", "f", "-printf", "%U %p\n"]).run().output
            let lines = found.split(separator: "\n")
            #expect(!lines.isEmpty)
            for line in lines { #expect(!line.hasPrefix("0 "), "\(line)") }
            let setuid = try Command(["find", daemon.state, "-uid", "0", "-perm", "/6000", "-type", "f"]).run().output
            #expect(setuid.isEmpty)
        }

        /// contract §7: for root's own jobs nothing is punched in: they start as id 0 of root's slot, and binds are id-mapped so that only real
        /// root's files appear there as theirs.
        @Test func rootsOwnJobs() throws {
            let here = try daemon.place.directory("root-\(UInt32.random(in: .min ... .max))", mode: 0o777)
            let name = here.split(separator: "/").last.map(String.init) ?? ""
            try daemon.place.write("\(name)/mine", "of root\n", mode: 0o600)
            try daemon.place.write("\(name)/other", "of the second\n", mode: 0o600, owner: .second)
            let result = try daemon.runToEnd(script: "cat /proc/self/uid_map; id -u; cat mine; cat other; touch made; chown 5 mine", in: here)
            let map = result.output.split(separator: "\n").filter { $0.split(separator: " ").count == 3 && $0.first != "o" }
            for line in map { #expect(Self.slots.contains(Int(line.split(separator: " ")[1]) ?? 0), "\(result)") }
            #expect(result.output.contains("\n0\nof root\n") && !result.output.contains("of the second"), "\(result)")
            #expect(try Command(["stat", "-c", "%u", "\(here)/made", "\(here)/mine"]).run().output == "0\n0\n")
        }

        /// contract §7: a deleted account holds the job: kind `account`.
        @Test func aDeletedAccountHoldsTheJob() throws {
            let user = TestUser("berth-t3")
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: user)
            user.remove()
            #expect(try daemon.berth(["release", id]).status == 0)
            let kinds: [String]? = try poll(seconds: 30) {
                let kinds = try daemon.show(id)["holds"].list.compactMap { $0["hold"]["kind"].text }
                return kinds.contains("account") ? kinds : nil
            }
            #expect(kinds != nil, "\(String(describing: try? daemon.berth(["show", id])))")
            #expect(try daemon.taskState(id) == "held")
            // Slots are for ever, and there are 4,093: none for an id that is nobody's.
            let slots = (try? readTextFile("\(daemon.state)/slots")) ?? ""
            #expect(!slots.contains("\(user.uid) "), "\(slots)")
            // Released too early it is held again; once the account is back it runs.
            #expect(try daemon.berth(["release", id]).status == 0)
            try eventually("it is held again") { try daemon.show(id)["attempts"].list.count == 2 && daemon.taskState(id) == "held" }
            defer { user.remove() }
            try Command(["useradd", "--no-create-home", "--home-dir", "/", "--uid", "\(user.uid)", user.name]).run()
            #expect(try daemon.berth(["release", id]).status == 0)
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 0)
        }

        /// contract §7: a file system that cannot be id-mapped: the submitter gets it read-write and runs without SETUID, SETGID, CHOWN and DAC
        /// capabilities; others get it read-only.
        @Test func aFileSystemThatCannotBeIdMapped() throws {
            let place = try daemon.place.directory("unmapped-\(UInt32.random(in: .min ... .max))")
            for part in ["lower", "upper", "work", "merged"] { try Descriptor.workingDirectory.makeDirectory("\(place)/\(part)") }
            let options = "lowerdir=\(place)/lower,upperdir=\(place)/upper,workdir=\(place)/work"
            try #require(try Command(["mount", "-t", "overlay", "-o", options, "overlay", "\(place)/merged"]).run().status == 0)
            defer { _ = try? Command(["umount", "-l", "\(place)/merged"]).run() }
            try Command(["chown", "\(TestUser.first.uid)", "\(place)/merged"]).run()
            let own = try daemon.runToEnd(script: "touch mine; grep CapBnd /proc/self/status", as: .first, in: "\(place)/merged")
            #expect(own.status == 0, "\(own)")
            let bounding = own.output.split(separator: "\t").last.flatMap { UInt64($0.trimmedEnd, radix: 16) } ?? .max
            // CHOWN 0, DAC_OVERRIDE 1, DAC_READ_SEARCH 2, SETGID 6, SETUID 7.
            #expect(bounding & 0b1100_0111 == 0, "\(own)")
            #expect(try Command(["stat", "-c", "%u", "\(place)/merged/mine"]).run().line == "\(TestUser.first.uid)")
            // Whoever enters such a job is the submitter: the view of its mounts is one.
            let running = try daemon.submit(script: "sleep 60", as: .first, in: "\(place)/merged")
            defer { _ = try? daemon.berth(["cancel", "--now", running]) }
            _ = try daemon.await(running, "running")
            let entered = try daemon.berth(["exec", "--user", "0", running, "--", "sh", "-c", "touch \(place)/merged/root"], as: .first)
            #expect(entered.status == 125 && entered.errors.contains("takes no id map, accepted is the submitter alone"), "\(entered)")
            #expect(try daemon.berth(["exec", running, "--", "true"], as: .first).status == 0)
            let mapped = try daemon.submit(script: "sleep 60", as: .first, in: "/var/tmp")
            defer { _ = try? daemon.berth(["cancel", "--now", mapped]) }
            _ = try daemon.await(mapped, "running")
            #expect(try daemon.berth(["exec", "--user", "0", mapped, "--", "true"], as: .first).status == 0)
            let other = try daemon.runToEnd(script: "touch root; chown 0 mine; ls", ["--user", "0"], as: .first, in: "\(place)/merged")
            #expect(try Command(["ls", "\(place)/merged"]).run().output == "mine\n", "\(other)")
        }
    }
}

extension Substring {
    var trimmedEnd: String { String(self).trimmedEnd }
}
