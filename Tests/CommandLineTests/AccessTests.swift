import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §8, sentence by sentence: user × action × other user's job.
    @Suite struct AccessTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// contract §8: users act on their own jobs.
        @Test func nothingCanBeDoneToAnothersJob() throws {
            let id = try daemon.submit(["--batch", "mine", "--no-cwd", "--", "sleep", "120"], as: .first)
            try daemon.await(id, "running")
            let before = try daemon.show(id)
            let actions = [
                "cancel \(id)", "cancel --now \(id)", "signal KILL \(id)", "signal --to-all KILL \(id)", "pause \(id)", "hold \(id)", "resume \(id)",
                "release \(id)", "requeue \(id)", "update --time-limit 1s \(id)", "update --priority -5 \(id)", "logs \(id)", "logs -f \(id)",
                "logs --json \(id)", "show --script \(id)", "show --timing \(id)", "show --timing --json \(id)",
                "batch pause --user berth-t1 mine", "batch cancel --yes --user berth-t1 mine",
                "batch hold --user berth-t1 mine", "cancel --user berth-t1", "pause --user berth-t1", "hold --operator \(id)", "purge --yes \(id)",
            ]
            for words in actions {
                let result = try daemon.berth(words, as: .second)
                #expect(result.status == 1 && result.output.isEmpty, "\(result)")
            }
            for words in ["exec \(id) -- true", "attach \(id)", "exec -i \(id) -- sh"] {
                let result = try daemon.berth(words, as: .second)
                #expect(result.status == 125, "\(result)")
            }
            let after = try daemon.show(id)
            #expect("\(after["attempts"][0]["id"])" == "\(before["attempts"][0]["id"])" && after["holds"].list.isEmpty)
            #expect(try daemon.taskState(id) == "running")
            // contract §8: operators may; each act on another's job is audited.
            #expect(try daemon.berth(["cancel", "--now", id], as: .operator_).status == 0)
            _ = try daemon.berth(["wait", id])
            let events = try daemon.berth("events --json --no-follow --after 0 \(id)").output
            #expect(events.contains("audit") && events.contains("cancel"), "\(events)")
        }

        /// contract §8: see of others id, owner, state and resources; not command, environment, paths or logs.
        @Test func ofOthersOnlyIdOwnerStateAndResourcesAreSeen() throws {
            let here = try daemon.place.directory("hush-directory", owner: .first)
            let words = [
                "--name", "hush-name", "--batch", "hush-batch", "--environment", "HUSH=hush-value", "--tags", "hush-tag", "--output", "hush-output",
            ]
            let id = try daemon.submit(words + ["--", "sh", "-c", "echo hush-log; sleep 0.2 # hush-command"], as: .first, in: here)
            let held = try daemon.submit(words + ["--hold", "--wrap", "echo hush-script"], as: .first, in: here)
            _ = try daemon.berth(["wait", id], as: .first)
            let views = [
                "show \(id)", "show --json \(id)", "show --json \(held)", "show \(held)", "list --all --user all", "list --all --user all --json",
                "list --all --expand --user all --json", "list --all --json \(id)", "report --json \(id)", "report --by user --json",
                "report --by batch --json",
                "report --by job --json", "events --no-follow --after 0 --json \(id)", "events --no-follow --after 0 --json \(held)",
                "events --no-follow --after 0", "batch list --json --all --user all", "batch list --json --all --user berth-t1", "node --json",
                "wait --json \(id)", "image list --all --json",
            ]
            for view in views {
                let result = try daemon.berth(view, as: .second)
                #expect(!result.output.contains("hush") && !result.errors.contains("hush"), "\(result)")
            }
            let shown = try #require(JSONValue(try daemon.berth("show --json \(id)", as: .second).output))
            #expect(shown["job"]["redacted"].flag == true && shown["job"]["ownerName"].text == TestUser.first.name && shown["job"]["demand"].exists)
            let known: Set = [
                "id", "owner", "ownerName", "redacted", "queue", "priority", "demand", "timeLimit", "submittedAt", "isArray", "arrayLimit", "counts",
                "groups",
            ]
            #expect(Set(shown["job"].keys).isSubset(of: known), "\(shown["job"].keys)")
            #expect(Set(shown.keys).isSubset(of: ["version", "now", "job", "attempts", "attemptsOmitted"]), "\(shown.keys)")
            let own = try daemon.berth("show --json \(id)", as: .first).output
            #expect(own.contains("hush-command") && own.contains("hush-value"))
            try daemon.berth(["cancel", held], as: .first)
        }

        /// Another user lists nothing of state, images, scratch or run directories.
        @Test func anotherUserReadsNothingOnDisk() throws {
            let id = try daemon.submit(script: "echo secret-log; sleep 30", as: .first)
            try daemon.awaitLog(id, "secret-log")
            for root in [daemon.state, daemon.runPlace.path] {
                let found = try Command(["find", root, "-mindepth", "1", "-type", "f", "-readable"], as: .second).run()
                #expect(found.output.isEmpty, "\(found)")
                let listed = try Command(["find", root, "-mindepth", "1", "-type", "d", "-readable"], as: .second).run()
                #expect(listed.output.isEmpty, "\(listed)")
            }
            let pid = try #require(try daemon.show(id)["attempts"][-1]["pid"].number)
            for name in ["environ", "maps", "root/etc/passwd", "cwd", "fd"] {
                #expect(try Command(["ls", "-L", "/proc/\(pid)/\(name)/"], as: .second).run().status != 0)
                #expect(try Command(["cat", "/proc/\(pid)/\(name)"], as: .second).run().output.isEmpty)
            }
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }

        /// contract §8: operators alone raise priority, allow devices or limits above the maximum; `network: host` by group and queue.
        @Test(arguments: [["--priority", "5"], ["--devices", "/dev/loop-control:rw"], ["--memory", "2G"], ["--network", "host"]])
        func whatOnlyOperatorsMay(words: [String]) throws {
            let result = try daemon.berth(["submit", "--hold", "--no-cwd"] + words + ["--", "true"], as: .first)
            #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            let operators = try daemon.berth(["submit", "--quiet", "--hold", "--no-cwd"] + words + ["--", "true"], as: .operator_)
            if words[0] != "--network" { #expect(operators.status == 0, "\(operators)") }
            if operators.status == 0 { try daemon.berth(["cancel", operators.line]) }
        }

        /// A member of the queue's group gets the machine's network, there alone; others do not.
        @Test func theMachinesNetworkIsForTheGroupThatTheQueueNames() throws {
            let member = TestUser.networked
            let look = ["run", "--network", "host", "--no-cwd", "--queue", "net", "--", "readlink", "/proc/self/ns/net"]
            let inside = try daemon.berth(look, as: member)
            let own = try readLink("/proc/self/ns/net")
            #expect(inside.status == 0 && inside.line == own, "\(inside)")
            for (user, queue) in [(member, "default"), (.first, "net"), (.first, "default")] {
                let words = ["submit", "--hold", "--network", "host", "--no-cwd", "--queue", queue, "--", "true"]
                let refused = try daemon.berth(words, as: user)
                #expect(refused.status == 1 && refused.errors.contains("network") && refused.errorLines.count == 1, "\(refused)")
            }
        }

        @Test func usersMayLowerTheirPriority() throws {
            let id = try daemon.submit(["--priority", "-5", "--hold", "--no-cwd", "--", "true"], as: .first)
            #expect(try daemon.berth(["update", "--priority", "-1", id], as: .first).status == 1, "raised again")
            #expect(try daemon.berth(["update", "--priority", "-9", id], as: .first).status == 0)
            #expect(try daemon.berth(["update", "--priority", "9", id], as: .operator_).status == 0)
            try daemon.berth(["cancel", id])
        }

        /// contract §8: image names are `user/name:tag`; unprefixed ones are the operator's.
        @Test func imagesOfOthersAreNotToBeHad() throws {
            try daemon.place.directory("image", mode: 0o755)
            try Command([
                "sh", "-c",
                "mkdir -p \(daemon.place)/tiny/bin && cp /bin/busybox \(daemon.place)/tiny/bin/sh && tar -C \(daemon.place)/tiny -cf \(daemon.place)/tiny.tar .",
            ]).run()
            let tar = daemon.place("tiny.tar")
            let own = try daemon.berth(["image", "import", tar, "tiny:1"], as: .first)
            #expect(own.status == 0, "\(own)")
            let names = try daemon.berth("image list --quiet", as: .first).output
            #expect(names.contains("\(TestUser.first.name)/tiny:1"), "\(names)")
            for name in ["tiny:1", "\(TestUser.first.name)/tiny:1"] {
                #expect(try daemon.berth(["submit", "--image", name, "--no-cwd", "--", "sh"], as: .second).status == 1)
                #expect(try daemon.berth(["image", "show", name], as: .second).status == 1)
                #expect(try daemon.berth(["image", "remove", name], as: .second).status == 1)
                #expect(try daemon.berth(["image", "tag", name, "stolen:1"], as: .second).status == 1)
            }
            #expect(try !daemon.berth("image list --all", as: .second).output.contains("tiny"))
            for words in [["import", tar, "\(TestUser.first.name)/forged:1"], ["remove", "busybox"]] {
                #expect(try daemon.berth(["image"] + words, as: .second).status == 1)
            }
            let shadow = try daemon.berth(["image", "import", tar, "busybox"], as: .second)
            #expect(shadow.status == 0, "\(shadow)")
            #expect(
                try daemon.berth(["run", "--no-cwd", "--", "ls", "/bin/probe"], as: .first).status == 0,
                "another's name does not shadow the operator's")
            #expect(try daemon.berth("image remove berth-t2/busybox", as: .second).status == 0)
            #expect(try daemon.berth("image remove tiny:1", as: .first).status == 0)
            #expect(try daemon.berth(["run", "--no-cwd", "--", "true"], as: .second).status == 0)
        }

        /// contract §8: bind sources that are, contain or lie under the state, run or configuration directories are refused by descriptor.
        @Test func bindsOfBerthsOwnDirectoriesAreRefused() throws {
            let here = try daemon.place.directory("links-\(UInt32.random(in: .min ... .max))")
            try Command(["ln", "-s", daemon.state, "\(here)/state"]).run()
            let sources = [
                daemon.state, "\(daemon.state)/images", daemon.place("etc"), daemon.configurationFile, daemon.place.path, "/", daemon.runPlace.path,
                daemon.socket, "\(here)/state", "/run", "/tmp",
            ]
            for source in sources + (Programs.exists("/etc/berth") ? ["/etc/berth"] : []) {
                let result = try daemon.berth(["run", "--mounts", "\(source):/mnt", "--wrap", "ls -R /mnt; echo reached"])
                #expect(result.status == 125 && !result.output.contains("reached"), "\(source): \(result)")
            }
            // The directory of the submit is a bind too.
            let result = try daemon.berth(["run", "--wrap", "ls; echo reached"], in: daemon.state)
            #expect(!result.output.contains("reached"), "\(result)")
        }

        /// contract §8: the daemon opens no path that a user named: paths are opened with the submitter's rights.
        @Test func pathsAreOpenedWithTheSubmittersRights() throws {
            let here = try daemon.place.directory("closed-\(UInt32.random(in: .min ... .max))", mode: 0o700)
            let open = try daemon.place.directory("open-\(UInt32.random(in: .min ... .max))", mode: 0o777)
            try Command(["sh", "-c", "echo roots > \(here)/file"]).run()
            let words = [
                ["--mounts", "\(here):/mnt"], ["--input", "\(here)/file"], ["--output", "\(here)/new"], ["--mounts", "\(here)/file:/f:ro"],
            ]
            for word in words {
                let result = try daemon.berth(["run"] + word + ["--wrap", "cat; cat /f /mnt/file; echo reached"], as: .first, in: open)
                // A directory that can be named can be bound; what it holds stays closed all the same.
                let isClosed = word[1].hasSuffix(":/mnt") || result.status == 125
                #expect(isClosed && !result.output.contains("roots"), "\(result)")
            }
            #expect(try Command(["ls", here]).run().output == "file\n")
            // A link that the user put there is followed with the user's rights only.
            try Command(["ln", "-s", "\(here)/file", "\(open)/link"], as: .first).run()
            let linked = try daemon.berth(["run", "--output", "link", "--", "echo", "overwritten"], as: .first, in: open)
            #expect(try Command(["cat", "\(here)/file"]).run().line == "roots", "\(linked)")
        }

        /// contract §8: a peer outside the initial user namespace or inside one of Berth's groups is refused.
        @Test func peersOfOtherNamespacesAndOfJobsGroupsAreRefused() throws {
            let outside = try Command(
                ["unshare", "--user", "--map-root-user", Programs.path("berth"), "list"], environment: ["BERTH_SOCKET": daemon.socket]
            ).run()
            #expect(outside.status == 1 && outside.errors.contains("namespace"), "\(outside)")
            let id = try daemon.submit(["--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            let file = try daemon.entry(of: id)
            let inside = try Command(
                ["sh", "-c", "echo $$ > \(file) && exec \(Programs.path("berth")) list"], environment: ["BERTH_SOCKET": daemon.socket]
            ).run()
            #expect(inside.status == 1 && inside.errors.contains("inside a job"), "\(inside)")
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }

        /// contract §8: with `api: true` (it must have a batch; the daemon binds the socket in) it may submit and list within its own batch,
        /// nothing else.
        @Test func anAPIJobMaySubmitAndListWithinItsBatchOnly() throws {
            let other = try daemon.submit(["--batch", "elsewhere", "--hold", "--no-cwd", "--", "true"], as: .first)
            let body = #"{"requestKey":"hush-key","jobs":[{"spec":{"command":["true"],"hold":true}}]}"#
            _ = try Command([daemon.place("probe"), "requests", daemon.socket], as: .first, input: "POST\t/v1/jobs\t\(body)\n").run()
            let script = """
                s=$BERTH_SOCKET
                spec() { echo '{"jobs":[{"spec":{"command":["true"],"resources":{"cpuMillis":100}'$1'}}]}'; }
                echo == list; probe http $s GET /v1/jobs
                echo == submit; probe http $s POST /v1/jobs "$(spec)"
                echo == elsewhere; probe http $s POST /v1/jobs "$(spec ',"batch":"elsewhere"')"
                echo == show; probe http $s GET /v1/jobs/\(other)
                echo == log; probe http $s GET /v1/jobs/$BERTH_JOB_ID/log
                echo == cancel; probe http $s POST /v1/tasks/cancel '{"selection":{"ids":["\(other)"]}}'
                echo == exec; probe http $s POST /v1/sessions '{"kind":"exec","task":"'$BERTH_JOB_ID'","exec":{"command":["id"]}}'
                echo == session; probe http $s POST /v1/jobs "$(spec | sed 's/]}$/],"session":{"cancelWhenLost":false}}/')"
                echo == key; probe http $s GET /v1/submissions/hush-key
                echo == node; probe http $s GET /v1/node
                echo == events; probe http $s GET /v1/events
                """
            let result = try daemon.runToEnd(script: script, ["--batch", "api", "--api", "--cpu", "0.5"], as: .first)
            #expect(result.status == 0, "\(result)")
            var parts: [String: String] = [:]
            for part in result.output.components(separatedBy: "== ").dropFirst() {
                parts[String(part.prefix { $0 != "\n" })] = part
            }
            #expect(parts["list"]?.contains("200") == true && parts["list"]?.contains("elsewhere") == false, "\(result)")
            #expect(parts["submit"]?.contains("\"jobs\":[{") == true, "\(parts["submit"] ?? "-")")
            #expect(parts["key"]?.contains(" 404 ") == true, "what its owner submitted elsewhere: \(parts["key"] ?? "-")")
            for name in ["elsewhere", "show", "log", "cancel", "exec", "session", "node", "events"] {
                #expect(parts[name]?.contains(" 403 ") == true, "\(name): \(parts[name] ?? "-")")
            }
            #expect(try daemon.taskState(other) == "held")
            _ = try daemon.berth(["wait", "--batch", "api"], as: .first)
            let made = try #require(JSONValue(try daemon.berth("list --all --json --batch api", as: .first).output))
            #expect(made["jobs"].list.count == 2 && made["jobs"].list.allSatisfy { $0["ownerName"].text == TestUser.first.name }, "\(made)")
            try daemon.berth(["cancel", other])
        }

        @Test func aJobWithoutAPIHasNoSocket() throws {
            let result = try daemon.berth([
                "run", "--no-cwd", "--wrap", "echo socket=$BERTH_SOCKET; find / -type s 2>/dev/null; cat /proc/net/unix | grep -c berth",
            ])
            #expect(result.output.hasPrefix("socket=\n") && result.output.hasSuffix("\n0\n"), "\(result)")
        }

        /// contract §8: the socket is 0666 in a 0755 directory, and none is abstract.
        @Test func theSocketsModes() throws {
            #expect(try Command(["stat", "-c", "%a %F", daemon.socket]).run().line == "666 socket")
            #expect(try Command(["stat", "-c", "%a %U", daemon.runPlace.path]).run().line == "755 root")
            #expect(try Command(["stat", "-c", "%U", daemon.state]).run().line == "root")
            #expect(try !readTextFile("/proc/net/unix").contains("@berth"))
        }
    }
}

extension EndToEnd {
    /// Who is a peer, where the name of the group parent has several parts.
    @Suite(.daemon(groups: "/jobs")) struct NestedParentTests {
        @Test func peersOfJobsGroupsAreRefused() throws { try AccessTests().peersOfOtherNamespacesAndOfJobsGroupsAreRefused() }
        @Test func anAPIJobMaySubmitAndList() throws { try AccessTests().anAPIJobMaySubmitAndListWithinItsBatchOnly() }
    }
}

extension String {
    /// Parts between a separator.
    func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var part = Substring("")
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(separator) {
                parts.append(String(part))
                part = ""
                rest = rest.dropFirst(separator.count)
            } else {
                part.append(rest.removeFirst())
            }
        }
        return parts + [String(part)]
    }
}
