import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `/metrics` as Prometheus fetches it, and what it says after known things happened.
    @Suite(
        .daemon(whole: { daemon in
            daemon.places + """
                metrics_listen: 127.0.0.1:19754
                log_format: json
                resources: {seat: 3}
                defaults: {memory_per_core: 32M, scratch: 16M}
                """
        }))
    struct MetricsTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        static let effects = [
            Effect("metrics_listen") { _ in try expects(try fetched().contains("berth_info{")) },
            Effect("log_format") { daemon in #expect(daemon.log.hasPrefix("{")) },
        ]

        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(daemon) }

        private static func fetched() throws -> String {
            let code = """
                import urllib.request
                reply = urllib.request.urlopen('http://127.0.0.1:19754/metrics', timeout=30)
                print(reply.headers['Content-Type'])
                print(reply.read().decode(), end='')
                """
            let result = try Command(["python3", "-c", code]).run()
            #expect(result.status == 0, "\(result)")
            let lines = result.output.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            #expect(lines[0] == "text/plain; version=0.0.4; charset=utf-8")
            return String(lines[1])
        }

        private func value(_ series: String, in text: String) -> Double? {
            for line in text.split(separator: "\n") where line.hasPrefix(series + " ") { return Double(line.dropFirst(series.count + 1)) }
            return nil
        }

        @Test("What happened is counted: submits, outcomes, requests, commits, times")
        func whatHappenedIsCounted() throws {
            let before = try Self.fetched()
            func grown(_ series: String, _ after: String) -> Double { (value(series, in: after) ?? 0) - (value(series, in: before) ?? 0) }
            let array = try daemon.submit(["--array", "0-2", "--no-cwd", "--", "true"])
            let failed = try daemon.submit(["--no-cwd", "--", "false"])
            _ = try daemon.berth(["wait", array, failed])
            #expect(try daemon.berth(["show", "999999"]).status == 1)
            let after = try Self.fetched()
            #expect(grown("berth_jobs_submitted_total", after) == 2)
            #expect(grown("berth_tasks_submitted_total", after) == 4)
            #expect(grown(#"berth_attempts_finished_total{outcome="succeeded"}"#, after) == 3)
            #expect(grown(#"berth_attempts_finished_total{outcome="failed"}"#, after) == 1)
            #expect(value(#"berth_attempts_finished_total{outcome="monitorLost"}"#, in: after) == 0)
            #expect(grown("berth_task_run_seconds_count", after) == 4 && grown("berth_task_wait_seconds_count", after) == 4)
            #expect(grown("berth_start_seconds_count", after) == 4 && grown("berth_start_seconds_sum", after) > 0)
            #expect(grown(#"berth_requests_total{code="201",route="submit"}"#, after) == 2)
            #expect(grown(#"berth_requests_total{code="404",route="show"}"#, after) == 1)
            #expect(grown(#"berth_request_duration_seconds_count{route="submit"}"#, after) == 2)
            #expect(grown("berth_commits_total", after) >= 2 && grown("berth_commit_duration_seconds_sum", after) > 0)
        }

        @Test("States, cores, memory and instances add up to what the machine has")
        func whatIsUsedAddsUp() throws {
            let id = try daemon.submit(["--cores", "1", "--resource", "seat=2", "--no-cwd", "--", "sleep", "60"])
            let held = try daemon.submit(["--hold", "--array", "1-5", "--no-cwd", "--", "true"])
            try daemon.await(id, "running")
            let text = try Self.fetched()
            func sum(_ name: String) -> Double {
                text.split(separator: "\n").filter { $0.hasPrefix(name + "{") }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
                    .reduce(0, +)
            }
            let node = try #require(JSONValue(try daemon.berth(["node", "--json"]).output))
            #expect(value(#"berth_tasks{queue="default",state="running"}"#, in: text) == 1)
            #expect(value(#"berth_tasks{queue="default",state="held"}"#, in: text) == 5)
            #expect(value(#"berth_tasks{queue="default",state="pending"}"#, in: text) == 0)
            #expect(value(#"berth_cores{use="exclusive"}"#, in: text) == 1)
            #expect(sum("berth_cores") == Double(node["shape"]["cpus"].list.count))
            #expect(sum("berth_memory_bytes") == node["shape"]["nodes"].list.reduce(0) { $0 + Double($1["memory"].number ?? 0) })
            #expect(value(#"berth_resource_instances{resource="seat",use="taken"}"#, in: text) == 2)
            #expect(value(#"berth_resource_instances{resource="seat",use="free"}"#, in: text) == 1)
            #expect(value("berth_storage_up", in: text) == 1)
            #expect(value("process_threads", in: text) ?? 0 > 1 && value("process_open_fds", in: text) ?? 0 > 5)
            #expect(value("berth_database_size_bytes", in: text) ?? 0 > 4096)
            try daemon.berth(["cancel", "--now", id, held])
            _ = try daemon.berth(["wait", id, held])
        }

        @Test("The socket serves the same, TCP serves nothing else, and neither names a user, a job or an image")
        func nothingPrivateIsServed() throws {
            let id = try daemon.submit(["--name", "s3cret-name", "--no-cwd", "--", "true"], as: .first)
            _ = try daemon.berth(["wait", id])
            let text = try Self.fetched()
            for word in ["s3cret-name", TestUser.first.name, "busybox"] { #expect(!text.contains(word), "\(word)") }
            let code = """
                import urllib.request as u, urllib.error as e
                for path in ('v1/metrics', 'v1/jobs', 'v1/node', ''):
                    try: print(u.urlopen('http://127.0.0.1:19754/' + path, timeout=30).status)
                    except e.HTTPError as error: print(error.code)
                """
            #expect(try Command(["python3", "-c", code]).run().outputLines == ["404", "404", "404", "404"])
            let socket = """
                import http.client, socket
                c = http.client.HTTPConnection('berth'); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect('\(daemon.socket)')
                c.request('GET', '/v1/metrics'); r = c.getresponse(); print(r.status, len(r.getheader('X-Request-ID')) > 8)
                print(sorted(set(l.split()[2] for l in r.read().decode().split('\\n') if l.startswith('# TYPE'))))
                """
            let answer = try Command(["python3", "-c", socket]).run().outputLines
            #expect(answer.first == "200 True", "\(answer)")
            #expect(answer.last?.contains("'berth_tasks'") == true)
        }

        @Test(
            "Prometheus's own checker finds nothing",
            .enabled(if: Programs.promtool != nil, "needs scripts/promtool to have run"))
        func promtoolIsContent() throws {
            _ = try daemon.berth(["list"])
            let result = try Command([try #require(Programs.promtool), "check", "metrics"], input: try Self.fetched()).run()
            #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result)")
        }

        @Test("The daemon's log is one JSON object a line where the configuration says so")
        func theLogIsJSON() throws {
            let lines = daemon.log.split(separator: "\n")
            #expect(!lines.isEmpty)
            for line in lines {
                let value = try #require(JSONValue(String(line)), "\(line)")
                #expect(value["time"].text?.hasSuffix("Z") == true && value["level"].text != nil && value["message"].text != nil, "\(line)")
            }
            #expect(lines.contains { $0.contains(#""message":"berthd 0.1.0 is up""#) && $0.contains(#""socket":"#) })
        }
    }
}
