import Foundation
import JobModel
import JobSpecs
import TestSupport
import Testing

@Suite struct HostileTextTests {
    private static func bomb(_ levels: Int, tail: String) -> String {
        var text = "- &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...levels { text += "- &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n" }
        return text + tail
    }

    @Test func aliasBombsAreRefused() {
        let line = refusal(.yaml(text: Self.bomb(40, tail: ""), file: "j")) ?? ""
        #expect(line.hasPrefix("j:5: found more than 50000 values, aliases counted"), "\(line)")
    }

    /// The YAML library hashes and compares keys: an alias as a key would cost 9^40 steps there.
    @Test(arguments: ["- {*a40 : x}\n", "- ? *a40\n  : x\n", "- {[*a40, *a40]: x, [*a40]: y}\n"]) func keysThatAreBombsAreRefused(
        _ tail: String
    ) {
        let line = refusal(.yaml(text: Self.bomb(40, tail: tail), file: "j")) ?? ""
        #expect(line.hasPrefix("j:"), "\(line)")
    }

    @Test func deepNestingIsRefused() {
        for text in [
            String(repeating: "[", count: 200_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 200_000) + "x",
        ] {
            let line = refusal(.yaml(text: text, file: "j")) ?? ""
            #expect(line.hasPrefix("j:1: ") && line.utf8.count < 300, "\(line)")
        }
        let level = (0..<40).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(refusal(.yaml(text: level, file: "j")) == "j:33: found values nested deeper than 32, accepted at most 32 levels")
    }

    @Test func sizeIsBounded() {
        let long = String(repeating: "x", count: 1 << 20)
        #expect(refusal(.yaml(text: "command: \(long)", file: "j")) == "j: found 1048585 bytes, accepted at most 1048576 bytes")
        #expect(refusal(.script(text: long, file: "s")) == "s: found 1048576 bytes, accepted a script of at most 524288 bytes")
        let words = String(repeating: "- x\n", count: 200_000)
        #expect(refusal(.yaml(text: "command:\n" + words, file: "j"))?.contains("found more than 50000 values") == true)
        let argument = String(repeating: "x", count: 131_073)
        #expect(
            refusal(.yaml(text: "command: [a, \(argument)]", file: "j"))
                == "j:1: command[1]: found 131073 bytes, accepted at most 131072 bytes")
    }

    @Test func aLongMistypedNameGivesAShortLine() {
        let name = String(repeating: "memory", count: 10_000)
        let line = refusal(.script(text: "#BERTH --\(name) 5", file: "s")) ?? ""
        #expect(line.utf8.count < 300 && line.hasPrefix("s:1: "))
    }

    /// Mutated texts either parse or are refused with one line that has a line number.
    @Test(arguments: [2000]) func mutationsNeverCrash(_ rounds: Int) throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["BERTH_SEED"] ?? "") ?? UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let jobs = try FileManager.default.contentsOfDirectory(atPath: packageRoot.appending(path: "Jobs").path).sorted()
        var corpus = try jobs.map { SpecSource.detect(text: try text(of: "Jobs/\($0)"), file: $0) }
        corpus += FieldForm.all.map { .yaml(text: "command: x\n\($0.yaml)\n", file: "f") }
        corpus += FieldForm.all.map { .script(text: "#!/bin/sh\n#BERTH \($0.directive)\n", file: "f") }
        var parsed = 0
        for round in 0..<rounds {
            guard let source = corpus.randomElement(using: &random) else { continue }
            let mutated = mutate(source, &random)
            do {
                let file = try JobFile.read(mutated, context: testContext)
                parsed += 1
                for job in file.jobs { try checkRoundTrip(job.spec) }
            } catch let error as DocumentError {
                let line = error.description
                let located = error.line != nil || error.field != nil || line.contains("empty file") || line.contains(" bytes")
                #expect(located && !line.unicodeScalars.contains { $0 == "\n" } && !line.isEmpty, "seed \(seed), round \(round): \(line)")
            }
        }
        // Neither are all refused nor all taken.
        #expect(parsed > rounds / 50 && parsed < rounds, "seed \(seed)")
    }

    private func mutate(_ source: SpecSource, _ random: inout SeededGenerator) -> SpecSource {
        switch source {
        case .none: .none
        case .yaml(let text, let file): .yaml(text: mutate(text, &random), file: file)
        case .script(let text, let file): .script(text: mutate(text, &random), file: file)
        }
    }

    private func mutate(_ text: String, _ random: inout SeededGenerator) -> String {
        var bytes = Array(text.utf8)
        let pieces = [
            "*", "&a ", "*a", "[", "]", "{", "}", ": ", "- ", "\n", "\"", "'", "|\n", ">\n", "#", "!!x ", "<<: *a\n", "\t", "%", "\u{0}",
            "é", "\u{202e}", "99999999999999999999", "-1", "~", "---\n", "..", "=", ",", "@",
        ]
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: at)
            case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...8, using: &random)))
            case 2: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            default:
                let from = Int.random(in: 0...bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[min(from, at)..<max(from, at)].prefix(200)), at: at)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func checkRoundTrip(_ spec: JobSpec) throws {
        #expect(try JSONDecoder().decode(JobSpec.self, from: JSONEncoder().encode(spec)) == spec)
        try spec.validate()
    }
}
