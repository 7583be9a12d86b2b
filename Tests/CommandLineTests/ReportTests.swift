import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What attempts used, as the kernel counted it, for one job and in sums.
    @Suite struct ReportTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func report(_ words: [String]) throws -> JSONValue {
            try #require(JSONValue(try daemon.berth(["report", "--json"] + words).output))
        }

        private func wait(_ id: String) throws -> JSONValue {
            _ = try daemon.berth(["wait", id])
            return try report([id])
        }

        @Test func timesCoresAndCPUOfOneJob() throws {
            let id = try daemon.submit(script: "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", ["--cores", "1"])
            let reply = try wait(id)
            let attempt = reply["attempts"][0]
            let (user, system) = (attempt["usage"]["cpuUserMicroseconds"].number ?? 0, attempt["usage"]["cpuSystemMicroseconds"].number ?? -1)
            #expect(user > 1000 && system >= 0, "\(attempt)")
            #expect(attempt["outcome"]["kind"].text == "succeeded" && attempt["cores"].number == 1 && attempt["shared"].flag == false)
            #expect(Int(attempt["cpus"].text ?? "") != nil, "the one core it ran on: \(attempt["cpus"])")
            #expect((attempt["usage"]["memoryPeak"].number ?? 0) > 0)
            for field in ["queuedFor", "ranFor", "pausedFor"] { #expect(attempt[field].number != nil, "\(field)") }
            let job = reply["job"]
            #expect(job["tasks"]["succeeded"].number == 1 && job["total"]["cpu"]["value"].number == user + system, "\(job)")
            #expect(job["total"]["cpu"]["partial"].flag == false)
            let text = try daemon.berth(["report", id]).output
            #expect(text.contains("Tasks") && text.contains("1 succeeded") && text.contains("\(id)#1") && text.contains("CPU USER"), "\(text)")
        }

        @Test func timePausedIsNotTimeRun() throws {
            let id = try daemon.submit(script: "sleep 0.5", ["--cores", "1"])
            try daemon.await(id, "running")
            try daemon.berth(["pause", id])
            sleepBlocking(nanoseconds: 1_000_000_000)
            try daemon.berth(["resume", id])
            let attempt = try wait(id)["attempts"][0]
            #expect((attempt["pausedFor"].number ?? 0) >= 900, "\(attempt)")
            let span = (attempt["endedAt"].number ?? 0) - (attempt["startedAt"].number ?? 0)
            #expect(abs(span - (attempt["ranFor"].number ?? 0) - (attempt["pausedFor"].number ?? 0)) < 200, "\(attempt)")
        }

        /// Buffered writes are the writer's, whether or not the group's counter sees them; what is not wholly counted is marked.
        @Test func writtenBytesAreNoZero() throws {
            let id = try daemon.submit(script: "dd if=/dev/zero of=/file bs=1M count=6; sync")
            let attempt = try wait(id)["attempts"][0]
            #expect((attempt["usage"]["writtenBytes"].number ?? 0) >= 6 << 20, "\(attempt)")
            let isPartial = attempt["usage"]["ioPartial"].flag == true
            #expect(try daemon.berth(["report", id]).output.contains("written ≥") == isPartial)
        }

        /// A job that wrote nothing that anybody counted shows no zero in its place.
        @Test func whatNobodyCountedIsADash() throws {
            let id = try daemon.submit(["--no-cwd", "--", "true"])
            let usage = try wait(id)["attempts"][0]["usage"]
            if usage["ioPartial"].flag == true { #expect(usage["writtenBytes"].number != 0, "\(usage)") }
        }

        @Test func throttledTimeIsTold() throws {
            let id = try daemon.submit(["--cpu", "0.1", "--no-cwd", "--wrap", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"])
            let attempt = try wait(id)["attempts"][0]
            #expect((attempt["usage"]["throttledMicroseconds"].number ?? 0) > 0 && attempt["shared"].flag == true, "\(attempt)")
            #expect(try daemon.berth(["report", id]).output.contains("THROTTLED"))
        }

        @Test func tablesByBatchAndByUser() throws {
            let batch = "report-\(UInt32.random(in: .min ... .max))"
            let ids = try ["true", "exit 3", "true"].map { try daemon.submit(script: $0, ["--batch", batch], as: .first) }
            _ = try daemon.berth(["wait"] + ids)
            let rows = try report(["--by", "batch", "--batch", batch])["table"]["rows"].list
            #expect(rows.count == 1 && rows[0]["label"].text == "\(TestUser.first.name)/\(batch)", "\(rows)")
            #expect(rows[0]["outcomes"]["succeeded"].number == 2 && rows[0]["outcomes"]["failed"].number == 1)
            #expect(rows[0]["jobs"].number == 3 && rows[0]["queued"]["p99"].number != nil && rows[0]["cpuUser"]["value"].number != nil)
            let users = try report(["--by", "user"])["table"]["rows"].list.compactMap { $0["label"].text }
            #expect(users.contains(TestUser.first.name) && users == users.sorted())
            // A user sees his own alone.
            let own = try daemon.berth(["report", "--by", "user", "--json"], as: .first, in: "/")
            #expect(JSONValue(own.output)?["table"]["rows"].list.map { $0["label"].text } == [TestUser.first.name], "\(own)")
            let csv = try daemon.berth(["report", "--by", "batch", "--batch", batch, "--csv"]).output.split(separator: "\r\n")
            #expect(csv.count == 2 && csv[0].hasPrefix("label,user,batch,jobs") && csv[1].hasSuffix("\"2 succeeded, 1 failed\""), "\(csv)")
            #expect(try daemon.berth(["report", "--by", "batch", "--batch", batch]).output.contains("2 succeeded, 1 failed"))
        }

        @Test func aJobsReportSaysWhatToAskForNextTime() throws {
            let id = try daemon.submit(script: "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; sleep 1", ["--cores", "1", "--memory", "900M"])
            let reply = try wait(id)
            let advice = reply["job"]["advice"].list
            #expect(advice.compactMap { $0["field"].text }.sorted().last == "time_limit" && advice.count == 3, "\(advice)")
            let memory = try #require(advice.first { $0["field"].text == "memory" })
            #expect(memory["asked"].text == "900M" && memory["suggested"].text?.hasSuffix("M") == true, "\(memory)")
            let attempt = reply["attempts"][0]
            #expect(attempt["asked"]["memory"].number == 900 << 20 && attempt["startingFor"].number != nil && attempt["node"].text?.isEmpty == false)
            #expect((attempt["usage"]["minorFaults"].number ?? 0) > 0 && attempt["usage"]["reapedCpuMicroseconds"].number != nil, "\(attempt)")
            let text = try daemon.berth(["report", id]).output
            for word in ["Asked", "Where", "Next time", "instead of 900M", "context switches"] { #expect(text.contains(word), "\(word) in \(text)") }
        }

        /// A run of some 50 ms that works all the time is busy, one that sleeps is not: the start is no part of it.
        @Test func shortRunsHaveARightEfficiency() throws {
            let busy = try wait(try daemon.submit(script: "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done", ["--cores", "1"]))["attempts"][0]
            let idle = try wait(try daemon.submit(script: "sleep 0.06", ["--cores", "1"]))["attempts"][0]
            let (worked, slept) = (Double(busy["cpuEfficiency"].description) ?? -1, Double(idle["cpuEfficiency"].description) ?? -1)
            #expect((0...1).contains(worked) && (0...1).contains(slept) && worked > slept, "\(busy) \(idle)")
        }

        /// The parent group's CPU time is that of its jobs and a little beside; each line adds up.
        @Test func theParentGroupAddsUp() throws {
            let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"
            let ids = try (0..<3).map { _ in try daemon.submit(script: burn, ["--cores", "1"]) }
            _ = try daemon.berth(["wait"] + ids)
            let machine = try report(["--by", "user"])["table"]["machine"]
            #expect(machine["group"].text?.hasPrefix("berth-") == true, "\(machine)")
            var sums = ["jobs": 0, "parent": 0]
            for line in machine["lines"].list {
                guard let parent = line["parent"].number, let jobs = line["jobs"]["value"].number else { continue }
                #expect(line["residual"].number == parent - jobs, "\(line)")
                if line["counter"].text?.hasPrefix("cpu") == true {
                    sums["jobs", default: 0] += jobs
                    sums["parent", default: 0] += parent
                }
            }
            let (jobs, parent) = (sums["jobs"] ?? 0, sums["parent"] ?? 0)
            #expect(jobs > 100_000 && parent >= jobs - 10_000, "\(machine)")
            let text = try daemon.berth(["report", "--by", "user"]).output
            #expect(text.contains("RESIDUAL") && text.contains("cpu user"), "\(text)")
            // A user sees nothing of the others' sum.
            #expect(try !daemon.berth(["report", "--by", "user"], as: .first, in: "/").output.contains("RESIDUAL"))
        }

        @Test func useOverTimeIsABarChart() throws {
            let id = try daemon.submit(script: "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", ["--cores", "1"])
            _ = try daemon.berth(["wait", id])
            let text = try daemon.berth(["report", "--chart", id]).output
            #expect(text.hasPrefix("  ") && text.contains("CORES of") && text.contains("MEMORY of") && text.contains("█"), "\(text)")
        }

        /// The page is written by the client with its user's rights, of what that user may see.
        @Test func aPageIsWrittenByItsUser() throws {
            let place = try TemporaryDirectory("page", mode: 0o777)
            defer { place.remove() }
            let mark = "page-\(UInt32.random(in: .min ... .max))"
            let own = try daemon.submit(script: "true", ["--name", "<b>\(mark)"], as: .first)
            let other = try daemon.submit(script: "true", ["--name", mark])
            _ = try daemon.berth(["wait", own, other])
            try daemon.berth(["report", "--html", "\(place.path)/out.html"], as: .first, in: "/")
            let page = try readTextFile("\(place.path)/out.html")
            #expect(page.contains("data-run=\"\(own)#1\"") && page.contains("&lt;b&gt;\(mark)") && !page.contains("<b>\(mark)"))
            #expect(!page.contains("data-run=\"\(other)#1\""), "it is root's")
            #expect(try Descriptor.open("\(place.path)/out.html", .path).status().uid == TestUser.first.uid)
            let refused = try daemon.berth(["report", "--html", "/root/berth-page.html"], as: .first, in: "/")
            #expect(refused.status == 1 && refused.errors.contains("/root/berth-page.html") && refused.errorLines.count == 1, "\(refused)")
        }
    }
}
