import Archives
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

/// Random archives full of links that lead out, and entries that try to go through them: nothing outside the layer ever changes.
@Suite("Links that lead out", .enabled(if: isRoot, "needs root"))
struct LinkFuzzTests {
    @Test func neverTouchACanary() throws {
        let rounds = Torture.rounds(500)
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let place = try Workplace()
        let canary = try place.directory.makeAndOpenDirectory("canary")
        try canary.open(at: "file", [.writeOnly, .create], mode: 0o640).write("untouched")
        try canary.makeDirectory("folder", mode: 0o750)
        let before = try fingerprint(canary)
        var accepted = 0
        for round in 0..<rounds {
            let inner = try Workplace()
            if inner.refusal(archive(canary: place.path + "/canary", &random)).hasPrefix("accepted") { accepted += 1 }
            try #require(try fingerprint(canary) == before, "seed \(seed) round \(round)")
        }
        #expect(accepted > 0 && accepted < rounds, "seed \(seed): \(accepted) of \(rounds)")
    }

    private func archive(canary: String, _ random: inout SeededGenerator) -> [UInt8] {
        let names = ["a", "b", "a/b", "b/a", "a/file", "b/folder", "a/folder/x", "a/b/c", ".wh.a", "a/.wh.file", "a/.wh..wh..opq", "c"]
        let targets = [
            canary, canary + "/file", canary + "/folder", "../../canary", "../canary/file", "../../../../../../..\(canary)", ".", "..", "a",
            "b",
        ]
        return TarBuilder.make { tar in
            for _ in 0..<Int.random(in: 2...6, using: &random) {
                let name = names.randomElement(using: &random) ?? "a"
                let target = targets.randomElement(using: &random) ?? canary
                switch Int.random(in: 0..<10, using: &random) {
                case 0...3: tar.symbolicLink(name, to: target)
                case 4: tar.hardLink(name, to: target)
                case 5...6: tar.directory(name, mode: 0o777, uid: 5)
                case 7: tar.fifo(name)
                default: tar.file(name, "changed", mode: 0o4777, uid: 7)
                }
            }
        }
    }

    /// Everything that a write, chmod, chown, link or removal would change.
    private func fingerprint(_ canary: Descriptor) throws -> [String] {
        let own = try canary.status()
        var lines = ["\(own.permissions) \(own.uid) \(own.changedNanoseconds)"]
        for name in try canary.names() {
            let status = try canary.status(at: name)
            lines.append(
                "\(name) \(status.inode) \(status.permissions) \(status.uid) \(status.links) \(status.size) \(status.changedNanoseconds)")
        }
        return lines
    }
}
