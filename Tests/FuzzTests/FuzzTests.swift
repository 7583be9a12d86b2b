import LinuxSys
import TestSupport
import Testing

/// Every decoder of bytes from outside, fed for some seconds with random and changed inputs; `make fuzz` does it for hours.
@Suite(.serialized) struct FuzzTests {
    private static let program = (Programs.directory.map { [$0] } ?? []).appending(".build/debug").map { "\($0)/berth-fuzz" }.first(
        where: Programs.exists)

    static let targets = [
        "job-file", "script", "any-file", "configuration", "launch-program", "exit-record", "job-log", "log-tail", "frames", "queries", "bodies",
        "words",
        "replies",
        "stored-record", "image-config", "mount-table", "control-groups", "seccomp-profile", "archive",
    ]

    private func fuzz(_ words: [String]) throws -> CommandResult {
        try Command([try #require(Self.program)] + words, environment: ["SWIFT_BACKTRACE": "enable=no"]).run(seconds: 400)
    }

    @Test(arguments: targets) func noInputCrashesOrHangs(_ target: String) throws {
        let place = try TemporaryDirectory("fuzz")
        defer { place.remove() }
        let result = try fuzz([target, "--seconds", "1.75", "--seed", "\(Seed.value)", "--keep", place("findings")])
        print(result.output)
        #expect(result.status == 0, "\(result)")
    }

    @Test func everyTargetIsTested() throws {
        #expect(try fuzz(["--list"]).outputLines.sorted() == Self.targets.sorted())
    }
}

extension Array {
    fileprivate func appending(_ element: Element) -> Self { self + [element] }
}
