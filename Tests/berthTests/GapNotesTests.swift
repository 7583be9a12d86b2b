import API
import JobModel
import TestSupport
import Testing

@testable import berth

/// A job that prints more than its log keeps has gaps in its output; they are told of, but not after every piece.
@Suite struct GapNotesTests {
    @Test func aGapIsToldOnceWithItsTotal() {
        var notes = GapNotes("dropped")
        #expect(notes.due() == nil && notes.rest() == nil)
        notes.add(1024)
        notes.add(1024)
        #expect(notes.due() == "2K of output were dropped")
        #expect(notes.due() == nil && notes.rest() == nil)
        notes.add(1024)
        #expect(notes.due() == nil)
        #expect(notes.rest() == "3K of output were dropped in all")
        notes.add(.max)
        #expect(notes.rest() != nil)
    }

    @Test(arguments: [["run", "x"], ["attach", "12"]]) func aFastJobsGapsAreFewLines(words: [String]) throws {
        let pieces = 1000
        let daemon = FakeDaemon { _, connection, _ in
            try connection.frame(.hello(version: 1), .started("12#1"))
            for piece in 1...pieces {
                try connection.frame(.dropped(1024))
                try connection.stdout("x", position: UInt64(piece) * 1025)
            }
            try connection.frame(.exit(status: 0, outcome: "succeeded"))
        }
        let server = try daemon.serve()
        defer { server.stop() }
        let ended = try Program(server, words).end()
        #expect(ended.output.count == pieces)
        let lines = ended.error.split(separator: "\n").filter { $0.contains("dropped") }
        #expect(lines.first == "berth: 1K of output were dropped" && lines.last == "berth: \(Bytes(1024_000)) of output were dropped in all")
        #expect((2...12).contains(lines.count), "\(lines)")
    }
}
