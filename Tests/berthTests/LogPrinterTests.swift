import API
import Foundation
import JobModel
import Testing

@testable import berth

@Suite struct LogPrinterTests {
    private func chunk(_ text: String, _ at: Int64 = 1_764_000_000_123) -> LogChunk {
        LogChunk(position: 1, at: WallTime(milliseconds: at), bytes: Array(text.utf8))
    }

    private func print(_ form: LogPrinter.Form, _ frames: [Frame]) throws -> String {
        var printer = LogPrinter(form: form)
        return String(decoding: try frames.flatMap { try printer.bytes($0) }, as: UTF8.self)
    }

    @Test func rawBytesStayAsTheyAre() throws {
        #expect(try print(.raw, [.stdout(chunk("\u{1B}[31mx")), .stderr(chunk("y\n")), .dropped(3), .end("")]) == "\u{1B}[31mxy\n")
    }

    @Test func everyLineGetsATime() throws {
        let text = try print(.timestamps, [.stdout(chunk("a\nb")), .stdout(chunk("c\n")), .stderr(chunk("d\n"))])
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }
        #expect(lines.map { $0[2] } == ["a", "bc", "d"])
        for line in lines { #expect(line[1].hasSuffix(".123")) }
    }

    @Test func interruptedLinesBeginAnew() throws {
        let text = try print(.timestamps, [.stdout(chunk("half")), .stderr(chunk("error\n")), .stdout(chunk("rest\n"))])
        #expect(text.split(separator: "\n").map { $0.split(separator: " ").last } == ["half", "error", "rest"])
    }

    @Test func jsonKeepsWhatIsNoText() throws {
        let text = try print(
            .json, [.stdout(chunk("hé")), .stderr(LogChunk(position: 9, at: WallTime(milliseconds: 0), bytes: [0xFF])), .dropped(7)])
        let lines = try text.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(lines.count == 3)
        #expect(lines[0]["text"] as? String == "hé" && lines[0]["stream"] as? String == "stdout")
        #expect(lines[1]["base64"] as? String == "/w==" && lines[1]["text"] == nil)
        #expect(lines[2]["droppedBytes"] as? Int == 7)
        for line in lines { #expect(line["version"] as? Int == 1) }
    }
}
