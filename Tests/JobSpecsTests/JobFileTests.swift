import JobModel
import JobSpecs
import Testing

@Suite struct JobFileTests {
    private func read(_ text: String) throws -> JobFile { try JobFile.read(.yaml(text: text, file: "j"), context: testContext) }

    @Test func jobsComeAfterWhatTheyDependOn() throws {
        let file = try read(
            """
            defaults: {image: tools, memory: 1G}
            jobs:
              last: {command: l, depends_on: [afterany:middle, 12]}
              middle: {command: m, depends_on: "afterok:first:other", memory: 2G}
              first: {command: f, array: 0-3}
              other: {command: o, depends_on: "afternotok:first.2"}
            """)
        #expect(file.jobs.map(\.name) == ["first", "other", "middle", "last"])
        let byName = Dictionary(uniqueKeysWithValues: file.jobs.map { ($0.name ?? "", $0) })
        #expect(byName["middle"]?.spec.resources.memory == .gibibytes(2) && byName["last"]?.spec.resources.memory == .gibibytes(1))
        #expect(byName["other"]?.dependencies == [NamedDependency(kind: .afternotok, job: "first", index: 2)])
        let last = try #require(byName["last"]).spec(ids: ["middle": JobID(77)])
        #expect(last.dependencies == [Dependency(kind: .afterok, job: JobID(12)), Dependency(kind: .afterany, job: JobID(77))])
        #expect(byName["first"]?.spec.name == "first")
    }

    @Test func listsKeepTheirOrder() throws {
        let file = try read("- {name: b, command: x}\n- {command: y}\n- {name: a, command: z, depends_on: b}\n")
        #expect(file.jobs.map(\.name) == ["b", nil, "a"])
        let nested = try read(
            "jobs:\n  - {name: b.c, command: x, array: 1-2}\n  - {name: a, command: z, depends_on: b.c}\n  - {name: d, command: z, depends_on: b.c.2}"
        )
        #expect(nested.jobs.last?.dependencies == [NamedDependency(kind: .afterok, job: "b.c", index: 2)])
    }

    @Test(arguments: [
        (
            "jobs:\n  a: {command: x, depends_on: b}\n  b: {command: x, depends_on: c}\n  c:\n    command: x\n    depends_on: [a]",
            "j:6: dependencies: found a cycle (a -> b -> c -> a), accepted dependencies without a cycle"
        ),
        ("jobs:\n  a: {command: x, depends_on: a}", "j:2: dependencies: found a cycle (a -> a), accepted dependencies without a cycle"),
        (
            "jobs:\n  prepare: {command: x}\n  b:\n    command: x\n    depends_on: prepaer",
            "j:5: dependencies: found the job 'prepaer', accepted an id, or the name of a job of this file; the nearest name is 'prepare'"
        ),
        (
            "jobs:\n  a: {command: x, array: 1-2}\n  b: {command: x, depends_on: a.3}",
            "j:3: dependencies: found index 3 of 'a', accepted one of 1-2"
        ),
        (
            "jobs:\n  a: {command: x, array: 1-2}\n  b: {command: x, array: 1-3, depends_on: 'aftercorr:a'}",
            "j:3: dependencies: found aftercorr of 'a', accepted two arrays with the same indices"
        ),
        ("- {name: a, command: x}\n- {name: a, command: y}", "j:2: name: found a second job 'a', accepted each name once in a file"),
        ("jobs: {1: {command: x}}", "j:1: name: found '1', accepted a name that is not a number, in a file of several jobs"),
        ("jobs: {}", "j:1: jobs: found no job, accepted at least one"),
        ("jobs: 5", "j:1: jobs: found '5', accepted a map of jobs by name, or a list"),
        ("jobs:\n  a: 5", "j:2: jobs.a: found '5', accepted a map of fields"),
        ("jobs: {a: {command: x}}\nimage: x", "j:2: image: found an unknown field beside jobs, accepted jobs and defaults"),
        (
            "jobs: {a: {command: x}}\ndefualts: {}",
            "j:2: defualts: found an unknown field beside jobs, accepted jobs and defaults; the nearest name is 'defaults'"
        ),
        (
            "defaults:\n  memroy: 1G\njobs: {a: {command: x}}",
            "j:2: memroy: found an unknown field, accepted a field of a job (docs/job-spec.md); the nearest name is 'memory'"
        ),
        ("defaults:\n  memory: 1\njobs: {a: {command: x}}", "j:2: memory: found 1, accepted 4M to 1P"),
        (
            "jobs:\n  a: {command: x}\n  a: {command: y}",
            "j:3: a: found the field a second time (first in line 2), accepted each field once"
        ),
    ]) func refused(_ text: String, _ line: String) { #expect(refusal(.yaml(text: text, file: "j")) == line) }

    @Test func oneNameForSeveralJobsIsRefused() {
        var flags = SpecFlags()
        flags.name = "x"
        #expect(
            refusal(.yaml(text: "jobs: {a: {command: x}, b: {command: y}}", file: "j"), flags: flags)
                == "--name: found 2 jobs in 'j', accepted a file of one job")
    }

    @Test func anchorsAndMergesWork() throws {
        let file = try read(
            """
            - &base
              name: a
              image: tools
              command: &words [x, "*", y*]
              env: {A: 1}
            - <<: *base
              name: b
              env: {B: "*2"}
            - {name: c, command: *words, cores: 2}
            """)
        #expect(file.jobs.map(\.name) == ["a", "b", "c"])
        #expect(file.jobs[1].spec.image == "tools" && file.jobs[1].spec.environment == ["B": "*2"])
        #expect(file.jobs[2].spec.command == ["x", "*", "y*"])
    }

    @Test func aLongChainIsNoDeepRecursion() throws {
        let count = 2000
        let lines = (0..<count).map { "  j\($0)x: {command: x\($0 + 1 < count ? ", depends_on: j\($0 + 1)x" : "")}" }
        let file = try read("jobs:\n" + lines.joined(separator: "\n"))
        #expect(file.jobs.first?.name == "j\(count - 1)x" && file.jobs.count == count)
    }
}
