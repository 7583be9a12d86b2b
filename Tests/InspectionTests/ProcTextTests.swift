import API
import Testing

@testable import Inspection

/// Texts of procfs, which a job can write into in places.
@Suite struct ProcTextTests {
    private static let rest =
        "S 7 9 3 0 0 0 0 0 0 0 12 34 0 0 0 0 0 0 5678 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4096 8192 8192 12288 0\n"

    @Test(arguments: ["sh", "a) R 1 (", ") ", "a\nb", "()", ""])
    func aNameIsNoField(name: String) throws {
        let line = try #require(StatLine("42 (\(name)) \(Self.rest)"))
        #expect(line.name == name && line.state == "S" && line.parent == 7 && line.group == 9 && line.session == 3)
        #expect(line.userTicks == 12 && line.systemTicks == 34 && line.startTicks == 5678)
        #expect(line.arguments == 4096..<8192 && line.environment == 8192..<12288)
    }

    @Test(arguments: ["", "42", "42 sh S", "42 (sh S 1", ") (", "42 (sh) S", "42 (sh) S x y z"])
    func othersAreNone(line: String) { #expect(StatLine(line) == nil) }

    /// Words that were moved behind each other in memory are not read backwards.
    @Test func aRangeThatEndsBeforeItBeginsIsEmpty() throws {
        let line = try #require(StatLine("42 (sh) " + Self.rest.replacing("4096 8192 8192", with: "8192 4096 8192")))
        #expect(line.arguments.isEmpty)
    }

    @Test func aCallHasItsNameAndRegisters() {
        let line = CallLine("0 0x3 0x7ffe 0x1000 0x0 0x0 0x0 0x7ffd00 0x401234\n")
        #if arch(x86_64)
            #expect(line.call == InspectedCall(number: 0, name: "read", arguments: [3, 0x7ffe, 0x1000, 0, 0, 0]))
        #endif
        #expect(line.call?.arguments == [3, 0x7ffe, 0x1000, 0, 0, 0] && line.stackPointer == 0x7ffd00 && line.programCounter == 0x401234)
        #expect(CallLine("99999 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2").call == InspectedCall(number: 99999, name: nil, arguments: [0, 0, 0, 0, 0, 0]))
    }

    @Test func whoIsInNoCallHasRegistersAlone() {
        let line = CallLine("-1 0x7ffd00 0x401234\n")
        #expect(line.call == nil && line.stackPointer == 0x7ffd00 && line.programCounter == 0x401234)
        for text in ["running\n", "", "x y z", "0 0x1"] { #expect(CallLine(text).programCounter == nil && CallLine(text).call == nil, "\(text)") }
    }

    @Test func aStackIsItsFunctions() {
        #expect(ProcText.stack("[<0>] pipe_read+0x1/0x2\n[<0>] ksys_read+0x3/0x4\n") == ["pipe_read+0x1/0x2", "ksys_read+0x3/0x4"])
        #expect(ProcText.stack((0..<200).map { "[<0>] f\($0)\n" }.joined()).count == InspectLimit.kernelStack)
        #expect(ProcText.stack("").isEmpty)
    }

    @Test func longTextsAreCutAtAWholeCharacter() {
        let text = ProcText.bounded("x" + String(repeating: "ä", count: 5000))
        #expect(text.utf8.count <= InspectLimit.text + 3 && text.hasSuffix("…"))
        #expect(ProcText.bounded("short") == "short")
    }

    /// cgroups(7). A process can name its own group's namespace root anything, but not what the host reads.
    @Test(arguments: [
        ("", "0::/b/12.1/job\n", true), ("", "0::/b/12.1\n", false), ("", "0::/b/12.1/job/deeper\n", false),
        ("", "7:freezer:/b/12.1/job\n0::/\n", false), ("freezer", "7:freezer:/b/12.1/job\n0::/\n", true),
        ("freezer", "7:cpu,freezer:/b/12.1/job\n", true), ("freezer", "7:cpu:/b/12.1/job\n", false), ("freezer", "0::/b/12.1/job\n", false),
        ("", "", false), ("", "0::/b/12.1/job (deleted)\n", false),
    ])
    func aGroupIsKnownByItsWholePath(controller: String, file: String, isIn: Bool) {
        #expect(GroupPlace(controller: controller, path: "/b/12.1/job").holds(file) == isIn)
    }

    @Test(arguments: [
        ("/etc/passwd", InspectedFile.Kind.file), ("/a (deleted)", .file), ("pipe:[8]", .pipe), ("socket:[8]", .socket),
        ("anon_inode:[eventpoll]", .anonymous), ("", .anonymous),
    ])
    func filesAreOfAKind(path: String, kind: InspectedFile.Kind) { #expect(InspectedFile.kind(of: path) == kind) }
}
