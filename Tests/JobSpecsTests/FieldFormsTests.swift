import JobModel
import JobSpecs
import Testing

/// One field in all three forms and what each has to make of it.
struct FieldForm: Sendable, CustomTestStringConvertible {
    let field: String
    let yaml: String
    let directive: String
    let flags: @Sendable (inout SpecFlags) -> Void
    let expected: @Sendable (inout JobSpec) -> Void
    var testDescription: String { "\(field): \(yaml)" }

    init(
        _ field: String, _ yaml: String, _ directive: String, _ flags: @escaping @Sendable (inout SpecFlags) -> Void,
        _ expected: @escaping @Sendable (inout JobSpec) -> Void
    ) {
        self.field = field
        self.yaml = yaml
        self.directive = directive
        self.flags = flags
        self.expected = expected
    }
}

@Suite struct FieldFormsTests {
    @Test(arguments: FieldForm.all) func threeFormsReachOneModel(_ form: FieldForm) throws {
        var expected = JobSpec()
        expected.script = "#!/bin/sh\n"
        expected.submitDirectory = "/home/ada/run"
        form.expected(&expected)
        // Some fields need another to be valid.
        let companions = (expected.batch != nil && form.field == "api") ? "batch: b\n" : ""

        let fromYaml = try yaml("script: |\n  #!/bin/sh\n\(companions)\(form.yaml)")
        #expect(fromYaml == expected)

        var flags = SpecFlags()
        flags.script = "#!/bin/sh\n"
        if !companions.isEmpty { flags.batch = "b" }
        form.flags(&flags)
        let fromFlags = try #require(try JobFile.read(.none, flags: flags, context: testContext).jobs.first).spec
        #expect(fromFlags == expected)

        // A script is its own text and, as in Slurm, gives the job its name.
        let extra = companions.isEmpty ? "" : "#BERTH \(companions)"
        for spelling in ["#BERTH \(form.directive)", "#BERTH   \(form.directive)  "] {
            let text = "#!/bin/sh\n\(extra)\(spelling)\n"
            var fromScript = try script(text)
            #expect(fromScript.script == text)
            fromScript.script = "#!/bin/sh\n"
            if form.field != "name" { fromScript.name = nil }
            #expect(fromScript == expected)
        }
    }

    @Test func scriptReachesTheModel() throws {
        var flags = SpecFlags()
        flags.script = "echo a; date"
        flags.command = ["x", "--y z"]
        let fromFlags = try #require(try JobFile.read(.none, flags: flags, context: testContext).jobs.first).spec
        #expect(fromFlags.script == "echo a; date\n" && fromFlags.command == ["x", "--y z"])
        #expect(try yaml("wrap: echo a; date\nargs: x '--y z'") == fromFlags)
        #expect(try yaml("args: [x, --y z]\nscript: |\n  echo a; date\n") == fromFlags)
        #expect(
            refusal(.script(text: "echo\n", file: "f"), flags: flags)
                == "--script: found a second script beside 'f', accepted one of the two")
        #expect(
            refusal(.script(text: "#BERTH script: x\n", file: "f"))
                == "f:1: script: found a second script, accepted the file itself as the script")
    }

    /// `script` has a test of its own.
    @Test func everyFieldIsTried() {
        let tried = Set(FieldForm.all.map(\.field) + ["script"])
        for field in JobField.all { #expect(tried.contains(field.name), "no form of \(field.name)") }
    }

    @Test(arguments: JobField.all.map(\.name)) func theExampleInTheTableIsAccepted(_ name: String) throws {
        let field = try #require(JobField.named(name))
        let batch = name == "api" ? " --batch b" : ""
        // Short names on the left of a script line reach the same field as the long one.
        for alias in [field.name] + field.aliases where name != "script" {
            let flag = alias.count == 1 ? "-\(alias)" : "--\(alias)"
            let array = field.example.contains("aftercorr") ? " --array 0-1" : ""
            let value = name == "command" || name == "begin" ? "'\(field.example)'" : field.example
            let spec = try script(
                "#BERTH \(flag) \(name == "hold" || name == "api" ? "" : value)\(batch)\(array)\n".replacing(
                    "--cwd false", with: "--no-cwd"))
            #expect(spec.script != nil)
        }
    }

    @Test(arguments: [
        ("huge_pages: 2M", "huge_pages: found '2M', accepted SIZE=AMOUNT"),
        ("huge_pages: {2M: 3M}", "huge_pages.2M: found '3M', accepted a multiple of 2M"),
        ("huge_pages: {big: 4M}", "huge_pages.big: found the size 'big'"),
        ("huge_pages: {2M: 4M, 2048K: 4M}", "huge_pages.2048K: found the size a second time"),
        ("huge_pages: {3M: 6M}", "huge_pages[0].size: found 3M, accepted a size of huge pages"),
        ("io: {weight: 200, path: /d}", "io.weight: found a weight with a path, accepted one without"),
        ("io: [{weight: 1}, {weight: 2}]", "io[1].weight: found a second weight"),
        ("io: {weight: heavy}", "io.weight: found 'heavy', accepted 1 to 10000"),
        ("io: {weight: 0}", "io: found 0, accepted 1 to 10000"),
        ("memory: 1G\nmemory_soft: 2G", "memory_soft: found 2G, accepted at most the job's memory of 1G"),
        ("memory_signal: USR1", "memory_signal: found 'USR1', accepted SIGNAL@SHARE"),
        ("memory_signal: USR1@0%", "memory_signal[0].percent: found 0, accepted 1 to 100"),
        ("memory_signal: [USR1@90%, USR2@90]", "memory_signal[1].percent: found 90% a second time"),
        ("memory_signal: {signal: USR1}", "memory_signal: found one of signal and at"),
    ]) func whatIsNoAmountIsRefused(_ text: String, _ start: String) {
        let line = refusal(.yaml(text: "command: x\n" + text, file: "j")) ?? ""
        #expect(line.contains(": " + start), "\(line)")
    }

    @Test func namesAreUnique() {
        var seen: [String: String] = [:]
        for field in JobField.all {
            for name in [field.name] + field.aliases {
                let key = name.count == 1 ? name : name.replacing("_", with: "").lowercased()
                #expect(seen.updateValue(field.name, forKey: key) == nil, "\(name) of \(field.name)")
            }
        }
    }
}
