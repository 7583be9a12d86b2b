import JobModel
import JobSpecs
import Testing

/// A text and the one line that refuses it.
@Suite struct RefusalTests {
    static let yaml: [(String, String)] = [
        (
            "command: x\nmemroy: 2G",
            "j:2: memroy: found an unknown field, accepted a field of a job (docs/job-spec.md); the nearest name is 'memory'"
        ),
        (
            "command: x\ntimelimt: 2h",
            "j:2: timelimt: found an unknown field, accepted a field of a job (docs/job-spec.md); the nearest name is 'time_limit'"
        ),
        ("command: x\nc: 2", "j:2: c: found an unknown field, accepted a field of a job (docs/job-spec.md)"),
        ("command: x\nmemory: 12X", "j:2: memory: found '12X', accepted \(Bytes.accepted), at least 4M"),
        (
            "command: x\nmemory: 2G\n# more\nmem: 3G",
            "j:4: memory: found the field a second time (first in line 2), accepted each field once"
        ),
        ("command: x\nmemory: 2G\nmemory: 3G", "j:3: memory: found the field a second time (first in line 2), accepted each field once"),
        (
            "command: x\r\nmemory: 2G\r\nmemory: 3G\r\n",
            "j:3: memory: found the field a second time (first in line 2), accepted each field once"
        ),
        ("command: x\nmemory: 1M", "j:2: memory: found 1M, accepted 4M to 1P"),
        ("command: x\nmemory:", "j:2: memory: found nothing, accepted \(Bytes.accepted), at least 4M"),
        ("command: x\nmemory: [1G]", "j:2: memory: found a list of 1, accepted \(Bytes.accepted), at least 4M"),
        ("command: x\ncores: 2.5", "j:2: cores: found '2.5', accepted 1 to 8192 whole cores"),
        ("command: x\ncores: 0", "j:2: cores: found 0, accepted 1 to 8192"),
        (
            "command: x\ncores: 1\ncpu: 0.5",
            "j:3: cpu: found cores and cpu together, accepted cores (exclusive) or cpu (a quota on shared ones)"
        ),
        ("command: x\ntime_limit: 5 parsecs", "j:2: time_limit: found '5 parsecs', accepted \(TimeSpan.accepted), 1s to 3650d"),
        ("command: x\ntime_limit: 0", "j:2: time_limit: found 0ms, accepted 1s to 3650d"),
        ("name: a", "j: command: found neither command nor script, accepted one of them, or an image with an entry point"),
        ("command: []", "j:1: command: found an empty list, accepted a program and its arguments"),
        (
            "command: echo $HOME",
            "j:1: command: found an unquoted '$', which only a shell acts on, accepted plain words, quotes, or the field script for a shell"
        ),
        (
            "command: echo 'a",
            "j:1: command: found a quote or backslash without its end, accepted a list of words, or a line that is split at blanks (quotes hold words together; no shell reads it)"
        ),
        (
            "command: x\nio: {reed: 5M}",
            "j:2: io.reed: found an unknown field, accepted path, read, read_ops, weight, write, write_ops; the nearest name is 'read'"
        ),
        ("command: x\nio: {read: 5}", "j:2: io[0].read: found 5, accepted 1024 to 1125899906842624"),
        (
            "command: x\nio:\n  - {read: 5M}\n  - {path: /x}",
            "j:4: io[1]: found no rate, accepted at least one of read, write, read_ops and write_ops"
        ),
        (
            "command: x\nmounts:\n  - /a:/b\n  - /c:/proc/d",
            "j:4: mounts[1].target: found '/proc/d', accepted a path outside /proc, /sys and /dev"
        ),
        ("command: x\nmounts: /a:/b:rx", "j:2: mounts: found the option 'rx', accepted ro or rw"),
        ("command: x\nmounts: /a:b", "j:2: mounts: found the target 'b', accepted an absolute path"),
        ("command: x\nmounts: {source: /a, target: b}", "j:2: mounts.target: found the target 'b', accepted an absolute path"),
        ("command: x\nmounts: {type: nfs, source: /a, target: /b}", "j:2: mounts.type: found 'nfs', accepted bind or tmpfs"),
        (
            "command: x\nenv: {A: 1}\nenvironment: {B: 2}",
            "j:3: environment: found the field a second time (first in line 2), accepted each field once"
        ),
        ("command: x\nenv: [A=1, A=2]", "j:2: environment[1]: found the variable 'A' a second time, accepted each once"),
        ("command: x\nenv:\n  A: 1\n  1B: 2", "j:3: environment: found the name '1B', accepted \(EnvironmentName.accepted)"),
        (
            "command: x\nenv: {BERTH_JOB_ID: 1}",
            "j:2: environment: found the name 'BERTH_JOB_ID', accepted names that Berth does not set itself"
        ),
        (
            "command: x\nenv: NOPE",
            "j:2: environment: found no variable 'NOPE' in the submitter's environment, accepted NAME=value, or a variable that is set"
        ),
        (
            "command: x\narray: 9-1",
            "j:2: array: found '9-1', accepted indices such as 0-99, 1,3,7-9 or 0-100:10, with %N for at most N active at once; at most 10000000"
        ),
        ("command: x\narray: 0-9%0", "j:2: array: found 0, accepted 1 to 10000000"),
        ("command: x\narray: 0-10000000", "j:2: array: found 10000001 tasks, accepted at most 10000000"),
        (
            "command: x\ndependencies: aferok:12",
            "j:2: dependencies: found the kind 'aferok', accepted after, afterany, afterok, afternotok, aftercorr; the nearest name is 'afterok'"
        ),
        (
            "command: x\ndependencies: prepare",
            "j:2: dependencies: found the job 'prepare', accepted ids of jobs such as 12; names only of jobs in the same file"
        ),
        (
            "command: x\nretries: {count: 2, on: faild}",
            "j:2: retries.on: found 'faild', accepted failed, killed, timedOut, outOfMemory, startFailed; the nearest name is 'failed'"
        ),
        (
            "command: x\nrlimits: {nofiles: 5}",
            "j:2: rlimits.nofiles: found an unknown limit, accepted \(SpecBounds.rlimits.joined(separator: ", ")); the nearest name is 'nofile'"
        ),
        ("command: x\nsysctls: {kernel.panic: 1}", "j:2: sysctls: found the key 'kernel.panic', accepted \(SysctlName.accepted)"),
        (
            "command: x\nsysctls: {net.core.somaxconn: 1}\nnetwork: host",
            "j:2: sysctls: found the key 'net.core.somaxconn', accepted \(SysctlName.accepted)"
        ),
        ("command: x\ncaps: SYS_ADMIN", "j:2: capabilities: found 'CAP_SYS_ADMIN', accepted \(JobField.named("caps")?.accepted ?? "")"),
        ("command: x\numask: 999", "j:2: umask: found '999', accepted an octal number from 0 to 0777"),
        (
            "command: x\nsignal: USR9@5s",
            "j:2: warning_signal: found 'USR9@5s', accepted SIGNAL@TIME before the time limit, such as USR1@300s, or signal and before"
        ),
        ("command: x\nsignal: USR1@2h\ntime: 1h", "j:2: warning_signal: found 2h, accepted less than the time limit of 1h"),
        (
            "command: x\noutput: a%q",
            "j:2: output: found '/home/ada/run/a%q', accepted %j for the job, %a for the index, %A for the attempt and %% for a percent sign"
        ),
        ("command: x\napi: true", "j:2: api: found true without a batch, accepted true in a job of a batch"),
        ("command: x\nuser: ada", "j:2: user: found 'ada', accepted \(JobUser.accepted)"),
        (
            "command: x\nbegin: 2030-02-30",
            "j:2: begin: found '2030-02-30', accepted now+1h, +30m, 18:00, tomorrow, 2030-01-31, 2030-01-31T18:00[:30], with Z or +02:00 for a zone"
        ),
        ("", "j:1: found an empty file, accepted a job, a list of jobs, or a map jobs"),
        ("just words", "j:1: found 'just words', accepted a job, a list of jobs, or a map jobs"),
        (
            "command: x\n---\ncommand: y",
            "j:2: found text that is not YAML (expected a single document in the stream, but found another document), accepted YAML"
        ),
        (
            "command: [x",
            "j:1: found text that is not YAML (while parsing a flow sequence, did not find expected ',' or ']'), accepted YAML"
        ),
        ("command: !!binary aGk=", "j:1: found the tag 'tag:yaml.org,2002:binary', accepted values without tags"),
        ("command: x\nname: \"a\\u0007b\"", "j:2: name: found 'a\\u{7}b', accepted 1 to 128 bytes without control characters"),
        ("command: x\nname: a\u{7}b", "j:2: found the character U+7, accepted printable text"),
    ]

    @Test(arguments: yaml) func yamlIsRefused(_ text: String, _ line: String) { #expect(refusal(.yaml(text: text, file: "j")) == line) }

    static let scripts: [(String, String)] = [
        ("#!/bin/sh\n#BERTH --cores", "s:2: cores: found no value, accepted 1 to 8192 whole cores"),
        (
            "#BERTH --coers 4",
            "s:1: coers: found an unknown field, accepted a field of a job (docs/job-spec.md); the nearest name is 'cores'"
        ),
        ("#BERTH --cores 4\n#BERTH cores: 2", "s:2: cores: found the field a second time (first in line 1), accepted each field once"),
        ("#BERTH: --cores 4", "s:1: found '#BERTH: --cores 4', accepted a blank after #BERTH"),
        ("#BERTH", "s:1: found an empty directive, accepted #BERTH --field value or #BERTH field: value"),
        ("#BERTH cores 4", "s:1: found 'cores 4', accepted #BERTH --field value or #BERTH field: value"),
        ("#BERTH --name 'a", "s:1: found a quote or backslash without its end, accepted closed quotes"),
        ("#BERTH --cores 4 memory 2G", "s:1: found 'memory', accepted --field value or -f value"),
        ("#BERTH --no-hold=1", "s:1: hold: found a value after '--no-', accepted none"),
        (
            "#BERTH --no-memory",
            "s:1: no-memory: found an unknown field, accepted a field of a job (docs/job-spec.md); the nearest name is 'memory'"
        ),
        ("#BERTH -Z 4", "s:1: Z: found an unknown field, accepted a field of a job (docs/job-spec.md)"),
        ("\n\necho\n#BERTH -c 4", "s:4: found a directive after the first command, accepted directives at the head of the script"),
        (
            "#BERTH memory: {a",
            "s:1: found text that is not YAML (while parsing a flow mapping, did not find expected ',' or '}'), accepted YAML"
        ),
        ("#!/bin/sh\r\necho\r\n", "s:1: found line ends of DOS (CR LF), accepted line ends of Unix (LF)"),
        (
            "#BERTH -d afterok:first",
            "s:1: dependencies: found the job 'first', accepted ids of jobs such as 12; names only of jobs in the same file"
        ),
        ("", "s: found an empty file, accepted a script"),
    ]

    @Test(arguments: scripts) func scriptIsRefused(_ text: String, _ line: String) {
        #expect(refusal(.script(text: text, file: "s")) == line)
    }

    @Test func flagsAreRefusedByTheirName() {
        var flags = SpecFlags()
        flags.command = ["x"]
        flags.memory = "lots"
        #expect(refusal(.none, flags: flags) == "--memory: found 'lots', accepted \(Bytes.accepted), at least 4M")
        flags.memory = "1"
        #expect(refusal(.none, flags: flags) == "--memory: found 1, accepted 4M to 1P")
        flags.memory = nil
        flags.mounts = ["/a:/b", "/c:/sys"]
        #expect(refusal(.none, flags: flags) == "--mounts[1].target: found '/sys', accepted a path outside /proc, /sys and /dev")
        #expect(
            refusal(.yaml(text: "command: x", file: "j"), flags: flags)
                == "--mounts[1].target: found '/sys', accepted a path outside /proc, /sys and /dev")
    }

    @Test func messagesStayOneLineWithoutControlCharacters() {
        for text in ["command: x\n\"a\\n\\e[31mb\": 1", "command: x\nnetwork: \"\\n\\u202e\"", "jobs: {\"a\\n\": 5}"] {
            let line = refusal(.yaml(text: text, file: "j")) ?? ""
            #expect(!line.isEmpty && !line.unicodeScalars.contains(where: DocumentText.isControl), "\(line)")
        }
    }
}
