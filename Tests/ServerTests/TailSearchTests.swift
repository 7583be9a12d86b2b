import API
import JobModel
import TestSupport
import Testing

@testable import Server

/// Where the last lines of a log begin, and what is kept to find it.
@Suite struct TailSearchTests {
    private func start(_ pieces: [String], lines: Int, behind: UInt64 = 0) -> UInt64? {
        let search = TailSearch(lines: lines)
        search.take(.started("12#3"))
        var position = behind
        for (number, piece) in pieces.enumerated() {
            position += UInt64(piece.utf8.count)
            let chunk = LogChunk(position: position, at: WallTime(milliseconds: 0), bytes: Array(piece.utf8))
            search.take(number % 2 == 0 ? .stdout(chunk) : .stderr(chunk))
        }
        #expect(search.start?.attempt ?? 3 == 3 && search.kept <= lines + 1)
        return search.start?.position
    }

    @Test(arguments: [
        (["a\nb\nc\n"], 1, 4), (["a\nb\nc"], 1, 4), (["a\nb\nc"], 2, 2), (["a\n", "b", "\nc", "\n"], 2, 2), (["a\nb\n"], 3, 0), (["a\nb\n"], 0, 4),
        (["no end"], 1, 0), (["\n\n\n"], 2, 1), (["a\n\n"], 1, 2),
    ])
    func theLastLinesBeginBehindALineFeed(pieces: [String], lines: Int, position: UInt64) {
        #expect(start(pieces, lines: lines) == position)
    }

    @Test func itIsWhatALookAtTheWholeFinds() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let pieces = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                String((0..<Int.random(in: 1...6, using: &random)).map { _ in Bool.random(using: &random) ? "\n" : "x" })
            }
            let text = pieces.joined()
            let lines = Int.random(in: 0...6, using: &random)
            var whole = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0 + "\n" }
            if text.hasSuffix("\n") { whole.removeLast() } else { whole[whole.count - 1].removeLast() }
            let tail = whole.suffix(lines).joined()
            #expect(start(pieces, lines: lines) == UInt64(text.utf8.count - tail.utf8.count), "\(pieces) \(lines)")
        }
    }

    /// A log without line feeds is no more to hold than one of short lines.
    @Test func nothingOfTheOutputIsKept() {
        let search = TailSearch(lines: 1)
        search.take(.started("12#1"))
        let piece = [UInt8](repeating: 0x61, count: 1 << 16)
        for number in 1...200 { search.take(.stdout(LogChunk(position: UInt64(number) << 16, at: WallTime(milliseconds: 0), bytes: piece))) }
        #expect(search.kept == 0 && search.start?.position == 0)
        let feeds = [UInt8](repeating: 0x0A, count: 1 << 16)
        search.take(.stderr(LogChunk(position: 201 << 16, at: WallTime(milliseconds: 0), bytes: feeds)))
        #expect(search.kept == 2 && search.start?.position == 201 << 16 - 1)
    }

    @Test func aLaterAttemptCountsAlone() {
        let search = TailSearch(lines: 5)
        #expect(search.start == nil)
        search.take(.started("12#1"))
        search.take(.stdout(LogChunk(position: 4, at: WallTime(milliseconds: 0), bytes: Array("a\nb\n".utf8))))
        search.take(.started("12#2"))
        #expect(search.start == nil)
        search.take(.stdout(LogChunk(position: 2, at: WallTime(milliseconds: 0), bytes: Array("c\n".utf8))))
        #expect(search.start?.attempt == 2 && search.start?.position == 0)
    }
}
