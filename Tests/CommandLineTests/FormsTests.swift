import TestSupport
import Testing

extension EndToEnd {
    /// Arrays, directives, YAML files with dependencies.
    @Suite struct FormsTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test func anArrayHasATaskForEachIndex() throws {
            let id = try daemon.submit(script: "echo task $BERTH_TASK_INDEX; [ $BERTH_TASK_INDEX != 7 ] || exit 9", ["--array", "1-5,7"])
            // contract §6: several or an array: 0 if all succeeded, else the status of the lowest id that did not.
            #expect(try daemon.berth(["wait", id]).status == 9)
            for index in [1, 5, 7] { #expect(try daemon.berth(["logs", "\(id).\(index)"]).output == "task \(index)\n") }
            #expect(try daemon.berth(["wait", "\(id).[1-5]"]).status == 0)
            #expect(try daemon.berth(["wait", "\(id).6"]).status == 1, "an index that is not in the array")
            let counts = try daemon.show(id)["job"]["counts"]
            #expect(counts["succeeded"].number == 5 && counts["failed"].number == 1, "\(counts)")
        }

        /// `%N`: at most N tasks active at once.
        @Test func theLimitOfAnArrayHolds() throws {
            let id = try daemon.submit(script: "sleep 0.4", ["--array", "0-4%1", "--cpu", "0.1"])
            var most = 0
            _ = try poll(seconds: 60) {
                let counts = try daemon.show(id)["job"]["counts"]
                most = max(most, counts["running"].number ?? 0)
                return counts["succeeded"].number == 5 ? true : nil
            }
            #expect(most == 1)
            #expect(try daemon.berth(["wait", id]).status == 0)
        }

        @Test func anArrayOfAMillionIsAcceptedAndCancelled() throws {
            let id = try daemon.submit(script: "true", ["--array", "0-999999", "--hold"])
            #expect(try daemon.show(id)["job"]["counts"]["pending"].number == 1_000_000)
            #expect(try daemon.berth(["cancel", "--yes", id]).status == 0)
            #expect(try daemon.show(id)["job"]["counts"]["cancelled"].number == 1_000_000)
        }

        @Test func directivesInAScript() throws {
            let script =
                "#!/bin/sh\n#BERTH --name directed --memory 40M\n#BERTH tags: [one, two]\n#BERTH --no-cwd\necho $0 $1 $BERTH_MEMORY\nexit 4\n"
            try daemon.place.write("directed.sh", script)
            let result = try daemon.berth(["submit", "--wait", daemon.place("directed.sh"), "argument"])
            #expect(result.status == 4, "\(result)")
            let listed = try #require(JSONValue(try daemon.berth("list --all --json --name directed").output))
            #expect(listed["jobs"][0]["tags"].list.count == 2, "\(listed)")
            let id = try #require(listed["jobs"][0]["id"].number)
            #expect(try daemon.berth("logs \(id)").output.contains("argument \(40 << 20)"))
        }

        @Test func aFileOfJobsThatDependOnEachOther() throws {
            let here = try daemon.place.directory("pipeline")
            let text = """
                defaults: {image: busybox, batch: pipe}
                jobs:
                  prepare: {script: "echo 3 > number"}
                  work:
                    array: 1-2
                    depends_on: prepare
                    script: "echo $(($(cat number) * BERTH_TASK_INDEX)) > part-$BERTH_TASK_INDEX"
                  merge:
                    depends_on: work
                    script: "cat part-1 part-2; exit 5"
                  tell:
                    depends_on: afternotok:merge
                    command: echo merge did not succeed
                  never:
                    depends_on: afterok:merge
                    command: echo never

                """
            try daemon.place.write("pipeline/jobs.yaml", text)
            let ids = try daemon.submit(["jobs.yaml"], in: here).split(separator: "\n").map(String.init)
            #expect(ids.count == 5)
            _ = try daemon.berth(["wait", "--batch", "pipe"])
            #expect(try daemon.berth(["logs", ids[2]]).output == "3\n6\n")
            #expect(try daemon.berth(["logs", ids[3]]).output == "merge did not succeed\n")
            // contract §3: one that can no longer hold ends the job as `dependencyFailed`.
            #expect(try daemon.taskState(ids[4]) == "dependencyFailed")
        }

        @Test func standardInputAndFlagsWinOverTheFile() throws {
            let id = try daemon.submit(["--memory", "33M", "-"], input: "{command: [sh, -c, 'echo $BERTH_MEMORY'], memory: 44M, cwd: false}\n")
            #expect(try daemon.berth(["wait", id]).status == 0)
            #expect(try daemon.berth(["logs", id]).output == "\(33 << 20)\n")
        }
    }
}
