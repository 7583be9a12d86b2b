import TestSupport
import Testing

@testable import Client

@Suite struct HTTPReplyParserTests {
    private func parse(_ bytes: [UInt8], pieces: (Int) -> Int = { $0 }) throws -> (body: [UInt8], parser: HTTPReplyParser) {
        var parser = HTTPReplyParser()
        var body: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + max(1, pieces(bytes.count - at)))
            body += try parser.feed(Array(bytes[at..<end]))
            at = end
        }
        return (body, parser)
    }

    private static let chunked = Array(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n".utf8)

    @Test func chunksAreJoinedAtEveryCut() throws {
        for size in 1...Self.chunked.count {
            let (body, parser) = try parse(Self.chunked) { _ in size }
            #expect(body == Array("abc0123456789".utf8))
            #expect(parser.isComplete && parser.canBeReused)
        }
    }

    @Test func lengthsAreCountedAtEveryCut() throws {
        let bytes = Array("HTTP/1.1 422 No\r\ncontent-LENGTH:  5 \r\n\r\nhello".utf8)
        for size in 1...bytes.count {
            let (body, parser) = try parse(bytes) { _ in size }
            #expect(String(decoding: body, as: UTF8.self) == "hello")
            #expect(parser.head?.status == 422)
            #expect(parser.isComplete)
        }
    }

    @Test func withoutALengthTheBodyEndsWithTheConnection() throws {
        var (body, parser) = try parse(Array("HTTP/1.1 200 OK\r\n\r\nabc".utf8))
        #expect(body == Array("abc".utf8) && !parser.isComplete)
        try parser.end()
        #expect(parser.isComplete && !parser.canBeReused)
        body = []
    }

    @Test func tornRepliesAreTold() throws {
        for count in 1..<Self.chunked.count {
            var (_, parser) = try parse(Array(Self.chunked[..<count]))
            #expect(!parser.isComplete)
            #expect(throws: HTTPReplyParser.Failure.self) { try parser.end() }
        }
    }

    @Test func interimRepliesAreSkipped() throws {
        let (body, parser) = try parse(Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8))
        #expect(body == Array("ok".utf8) && parser.head?.status == 200)
    }

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFF\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc",
    ])
    func malformedRepliesAreRefused(_ text: String) { #expect(throws: HTTPReplyParser.Failure.self) { try parse(Array(text.utf8)) } }

    @Test func headsAreBounded() {
        #expect(throws: HTTPReplyParser.Failure.self) {
            try parse(Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [UInt8](repeating: 65, count: HTTPReplyParser.headLimit + 10)) { _ in 4096 }
        }
    }

    @Test func surplusForbidsReuse() throws {
        let (_, parser) = try parse(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1".utf8))
        #expect(parser.isComplete && parser.hasSurplus && !parser.canBeReused)
    }

    @Test func randomRepliesSurviveRandomCuts() throws {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let body = (0..<Int.random(in: 0..<3000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var bytes = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            var at = 0
            while at < body.count {
                let end = min(body.count, at + .random(in: 1..<400, using: &random))
                bytes += Array("\(String(end - at, radix: 16))\r\n".utf8) + body[at..<end] + [13, 10]
                at = end
            }
            bytes += Array("0\r\n\r\n".utf8)
            let (got, parser) = try parse(bytes) { _ in .random(in: 1..<200, using: &random) }
            #expect(got == body && parser.isComplete, "seed \(random.seed)")
        }
    }

    @Test func damagedRepliesNeverTrap() {
        var random = SeededGenerator()
        for _ in 0..<3000 {
            var bytes = Self.chunked
            for _ in 0..<Int.random(in: 1..<4, using: &random) {
                bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = try? parse(bytes) { _ in .random(in: 1..<20, using: &random) }
        }
    }
}
