import API
import JobModel
import TestSupport
import Testing

@Suite struct FrameTests {
    private static let chunk = LogChunk(position: 1 << 40, at: WallTime(milliseconds: 1_764_000_000_123), bytes: [0, 255, 10])
    private static let all: [Frame] = [
        .input([1, 2, 3]), .input([]), .eof, .resize(TerminalSize(rows: 24, columns: 300)), .signal(15), .detach, .ping,
        .hello(version: 1), .stdout(chunk), .stderr(chunk), .dropped(1 << 50), .status(Array("{}".utf8)), .started("12.3#2"),
        .exit(status: -1, outcome: "killed(KILL)"), .exit(status: 0, outcome: ""), .detached, .error(Array("{}".utf8)), .alive, .end("succeeded"),
        .taken(7),
    ]

    @Test(arguments: all) func framesSurvive(_ frame: Frame) throws {
        var decoder = FrameDecoder()
        decoder.append(frame.encoded)
        #expect(try decoder.next() == frame)
        #expect(try decoder.next() == nil)
        #expect(decoder.isEmpty)
    }

    @Test func theLayoutIsTheDocumentedOne() {
        #expect(Frame.resize(TerminalSize(rows: 1, columns: 0x0203)).encoded == [3, 0, 0, 0, 4, 0, 1, 2, 3])
        #expect(Frame.eof.encoded == [2, 0, 0, 0, 0])
        #expect(Frame.exit(status: 258, outcome: "x").encoded == [0x16, 0, 0, 0, 5, 0, 0, 1, 2, 0x78])
    }

    @Test func unknownTypesAreToldAndSkipped() throws {
        var decoder = FrameDecoder()
        decoder.append([0x7F, 0, 0, 0, 2, 1, 2] + Frame.alive.encoded)
        #expect(try decoder.next() == .other(0x7F))
        #expect(try decoder.next() == .alive)
    }

    @Test(arguments: [
        [3, 0, 0, 0, 3, 0, 1, 2], [0x11, 0, 0, 0, 4, 0, 0, 0, 0], [4, 0, 0, 0, 0], [0x1b, 0, 0, 0, 1, 0], [0x16, 0, 0, 0, 3, 0, 0, 0],
    ])
    func payloadsThatDoNotFitAreRefused(_ bytes: [UInt8]) {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        #expect(throws: FrameDecoder.Failure.malformed(type: bytes[0])) { try decoder.next() }
    }

    @Test func oversizedFramesAreRefusedBeforeTheyAreRead() {
        var decoder = FrameDecoder()
        decoder.append([1, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: FrameDecoder.Failure.tooLarge(0xFFFF_FFFF)) { try decoder.next() }
    }

    @Test func theLargestFrameGoesThrough() throws {
        let frame = Frame.stdout(LogChunk(position: 1, at: WallTime(milliseconds: 0), bytes: .init(repeating: 7, count: APILimit.chunk)))
        var decoder = FrameDecoder()
        decoder.append(frame.encoded)
        #expect(try decoder.next() == frame)
    }

    @Test func piecesMayEndAnywhere() throws {
        var random = SeededGenerator()
        for _ in 0..<200 {
            let frames = (0..<Int.random(in: 1..<30, using: &random)).map { _ in Self.all.randomElement(using: &random) ?? .alive }
            let bytes = frames.flatMap(\.encoded)
            var decoder = FrameDecoder()
            var got: [Frame] = []
            var at = 0
            while at < bytes.count {
                let end = min(bytes.count, at + .random(in: 1..<40, using: &random))
                decoder.append(bytes[at..<end])
                at = end
                while let frame = try decoder.next() { got.append(frame) }
            }
            #expect(got == frames, "seed \(random.seed)")
            #expect(decoder.isEmpty)
        }
    }

    @Test func rubbishNeverTraps() {
        var random = SeededGenerator()
        for _ in 0..<5000 {
            var decoder = FrameDecoder()
            let type = UInt8.random(in: 0...0x20, using: &random)
            let length = UInt8.random(in: 0..<24, using: &random)
            decoder.append([type, 0, 0, 0, length])
            decoder.append((0..<Int.random(in: 0..<30, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            do { while try decoder.next() != nil {} } catch {}
        }
    }
}
