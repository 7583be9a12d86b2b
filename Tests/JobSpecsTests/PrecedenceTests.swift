import JobModel
import JobSpecs
import Testing

@Suite struct PrecedenceTests {
    @Test func flagsWinOverTheFile() throws {
        var flags = SpecFlags()
        flags.memory = "2G"
        flags.cpu = "0.5"
        flags.environment = ["B=flag"]
        flags.mounts = ["/b:/b"]
        flags.command = ["y"]
        let text = "command: x\nmemory: 1G\ncores: 4\nenv: {A: file, B: file}\nmounts: [/a:/a]\nname: n"
        let spec = try yaml(text, flags: flags)
        #expect(spec.resources.memory == .gibibytes(2))
        // Cores and cpu are alternatives: the later layer's is the one.
        #expect(spec.resources.cores == nil && spec.resources.cpuMillis == 500)
        // Maps are merged by key, lists replaced.
        #expect(spec.environment == ["A": "file", "B": "flag"])
        #expect(spec.mounts?.map(\.target) == ["/b"])
        #expect(spec.command == ["y"] && spec.name == "n")
    }

    @Test func flagsWinOverDirectives() throws {
        var flags = SpecFlags()
        flags.memory = "2G"
        flags.name = "flag"
        let spec = try script("#BERTH --memory 1G --cores 2 --name directive\n", flags: flags)
        #expect(spec.resources.memory == .gibibytes(2) && spec.resources.cores == 2 && spec.name == "flag")
    }

    @Test func environmentWinsOverExport() throws {
        let spec = try yaml("command: x\nexport: all\nenv: {PATH: /mine}")
        // Neither what Berth sets itself nor names that are no variables pass on.
        #expect(spec.environment == ["PATH": "/mine", "LANG": "C"])
    }

    @Test func directivesEndAtAHereDocument() throws {
        let text = "#!/bin/sh\n#BERTH -c 2\n# a comment\n\n#BERTHOLD is no directive\n#BERTH_X neither\ncat > x <<E\n#BERTH -c 99\nE\n"
        let spec = try script(text)
        #expect(spec.resources.cores == 2 && spec.script == text)
    }

    @Test func directivesTakeCommentsAndQuotes() throws {
        let spec = try script("#!/bin/bash\n#BERTH --name 'a # b' -m2G --hold # nothing of this: --cores 4\n#BERTH --tags x --tags y,z\n")
        #expect(spec.name == "a # b" && spec.resources.memory == .gibibytes(2) && spec.hold == true && spec.resources.cores == nil)
        #expect(spec.tags == ["x", "y", "z"])
    }

    @Test func kindsOfTextAreTold() {
        func kind(_ text: String, _ file: String) -> Bool {
            if case .yaml = SpecSource.detect(text: text, file: file) { true } else { false }
        }
        #expect(kind("#!/bin/sh", "a.yaml") && kind("name: x", "job") && kind("#BERTH", "a.YML"))
        #expect(!kind("#!/bin/sh\n", "job") && !kind("\n#BERTH -c 1", "x") && !kind("echo", "x.sh"))
    }
}
