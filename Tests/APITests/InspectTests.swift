import API
import JobModel
import Testing

@Suite struct InspectTests {
    @Test func requestsSurviveTheWire() throws {
        var request = InspectRequest(index: 3, attempt: 2)
        (request.core, request.process, request.running) = (true, 7, true)
        for request in [request, InspectRequest()] {
            #expect(try InspectRequest(query: Query(parsing: String(request.query.suffix.dropFirst()))) == request)
        }
    }

    @Test(arguments: ["process=0", "process=-1", "process=x", "attempt=x", "index=x", "process=99999999999"])
    func wrongNumbersAreRefused(text: String) {
        let error = #expect(throws: APIError.self) { try InspectRequest(query: Query(parsing: text)) }
        #expect(error?.field == text.split(separator: "=").first.map(String.init) && error?.message.contains("accepted ") == true)
    }

    /// The end of a core file tells what is not in it; whatever is cut off has no such end.
    @Test func aTrailerIsAlwaysFoundAtTheEnd() {
        for lines in [[], ["one"], ["4096 bytes are missing: a device", "ä"], [String(repeating: "ö", count: 9000)]] {
            let note = CoreTrailer.encode(lines)
            #expect(note.count == CoreTrailer.size)
            let found = CoreTrailer.decode([1, 2, 3] + note)
            if lines.joined().utf8.count < 3000 {
                #expect(found == lines)
            } else {
                #expect(found?.first.map { lines[0].hasPrefix($0) && $0.utf8.count > 4000 } == true)
            }
            #expect(CoreTrailer.decode(note.dropLast()) == nil && CoreTrailer.decode([7] + note.dropLast()) == nil)
        }
        #expect(CoreTrailer.decode([]) == nil && CoreTrailer.decode([UInt8](repeating: 0, count: 8192)) == nil)
    }
}
