import Foundation
import TestSupport

/// Feeds every decoder of bytes from outside with random and changed inputs.
///
///     berth-fuzz [TARGET…] [--seconds N] [--rounds N] [--seed N] [--keep DIRECTORY]
///     berth-fuzz --list
///     berth-fuzz --input FILE TARGET
///
/// Targets share the seconds. Each runs in a process of its own with limits on memory and time; what one dies over is a finding. Status 1 with findings.
@main
struct Fuzz {
    private var targets: [String] = []
    private var seconds = 60.0
    private var rounds = UInt64.max
    private var seed = UInt64.random(in: 0..<1_000_000_000)
    private var directory = ".build/fuzz"
    private var input: String?
    private var isWorker = false

    /// The longest that one process goes on: memory that it loses is not to add up.
    private static let slice = 60.0

    static func main() throws {
        var words = Array(CommandLine.arguments.dropFirst())
        if words == ["--list"] { return say(FuzzTarget.all.map(\.name).joined(separator: "\n")) }
        var fuzz = Fuzz()
        if words.first == "worker" {
            fuzz.isWorker = true
            words.removeFirst()
        }
        try fuzz.read(words)
        if fuzz.isWorker { return try fuzz.work() }
        exit(try fuzz.supervise() ? 0 : 1)
    }

    private mutating func read(_ words: [String]) throws {
        var rest = words[...]
        func value(_ name: String) throws -> String {
            guard let value = rest.popFirst() else { throw Violation("\(name): a value is missing") }
            return value
        }
        while let word = rest.popFirst() {
            switch word {
            case "--seconds": seconds = Double(try value(word)) ?? 60
            case "--rounds": rounds = UInt64(try value(word)) ?? .max
            case "--seed": seed = UInt64(try value(word)) ?? 0
            case "--keep": directory = try value(word)
            case "--input": input = try value(word)
            default:
                guard FuzzTarget.named(word) != nil else {
                    throw Violation("found '\(word)', accepted \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
                }
                targets.append(word)
            }
        }
    }

    private func work() throws {
        guard let target = targets.first.flatMap(FuzzTarget.named) else { throw Violation("no target") }
        let page = try SharedInput(descriptor: 3)
        let worker = Worker(target: target, seed: seed, seconds: seconds, rounds: rounds)
        if let input { return try worker.replay(Array(try Data(contentsOf: URL(filePath: input))), page) }
        try worker.run(page)
    }

    private func supervise() throws -> Bool {
        let supervisor = Supervisor(seed: seed, directory: directory)
        let chosen = targets.isEmpty ? FuzzTarget.all : targets.compactMap(FuzzTarget.named)
        if let input {
            return try chosen.allSatisfy { try supervisor.run($0, ["--input", input], seed: seed, within: 60) }
        }
        var isGood = true
        let share = seconds / Double(chosen.count)
        var done = 0.0
        var turn: UInt64 = 0
        while done < share {
            let slice = min(Self.slice, share - done)
            for target in chosen {
                let words = ["--seconds", "\(slice)"] + (rounds == .max ? [] : ["--rounds", "\(rounds)"])
                if try !supervisor.run(target, words, seed: seed &+ turn, within: slice) { isGood = false }
            }
            done += slice
            turn += 1
        }
        return isGood
    }
}
