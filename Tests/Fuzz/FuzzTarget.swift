import LinuxSys
import TestSupport

/// One decoder of bytes from outside, and what makes inputs for it.
struct FuzzTarget: Sendable {
    /// The name of its folder in `Corpus` too.
    let name: String
    /// A good input; those of the corpus come on top.
    var sample: @Sendable (inout SeededGenerator) -> [UInt8] = { _ in [] }
    /// Pieces that mean something to it.
    var words: [String] = []
    /// Puts right what would hide the rest, such as a checksum.
    var repair: @Sendable (inout [UInt8]) -> Void = { _ in }
    /// Before the first input.
    var prepare: @Sendable () throws -> Void = {}
    /// Reads the input. A `Violation` is a finding; any other error is a refusal, as it should be.
    let read: @Sendable ([UInt8]) throws -> Void

    static let all: [FuzzTarget] =
        documents + [launchPrograms, exitRecords, jobLog, logTail]
        + [frames, queries, bodies, words, replies]
        + [storedRecords, imageConfig, mountTable, controlGroups, seccompProfile, archive]

    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// The decoder did what it must not.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What was read has to be the same when it is written and read again.
func mustEqual<T: Equatable>(_ first: T, _ second: @autoclosure () throws -> T, _ what: String) throws {
    let other: T
    do { other = try second() } catch { throw Violation("\(what): what was written of it is refused: \(error)") }
    guard first == other else { throw Violation("\(what): \(first) became \(other)") }
}

/// A refusal is one line, and not a long one.
func mustBeOneLine(_ text: String) throws {
    guard !text.isEmpty, text.utf8.count < 4000, !text.unicodeScalars.contains(where: { $0.value < 32 }) else {
        throw Violation("a refusal that is not one line: \(text.debugDescription.prefix(2000))")
    }
}

/// A line on standard output, at once.
func say(_ line: String) { try? Descriptor(borrowing: 1).write(line + "\n") }
