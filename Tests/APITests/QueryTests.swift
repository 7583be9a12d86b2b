import API
import JobModel
import Testing

@Suite struct QueryTests {
    @Test(arguments: ["", "plain", "a b", "100%", "ä€😀", "a&b=c?d#e", "x/y:z,1", "+", "%41", "\n\t\u{1}"])
    func valuesSurviveTheWire(_ text: String) {
        var query = Query()
        query.add("name", text)
        query.add("other", "1")
        let parsed = Query(parsing: String(query.suffix.dropFirst()))
        #expect(parsed["name"] == text)
        #expect(parsed["other"] == "1")
    }

    @Test func encodedTextIsPlainASCII() {
        var query = Query()
        query.add("n", "ä b\r\nHost: x")
        #expect(query.suffix == "?n=%C3%A4%20b%0D%0AHost:%20x")
    }

    @Test func brokenEscapesStayAsTheyAre() {
        #expect(Query(parsing: "a=%zz&b=%4&c=%")["a"] == "%zz")
        #expect(Query(parsing: "b=%4")["b"] == "%4")
        #expect(Query(parsing: "flag")["flag"] == "")
    }

    @Test func theTailOfALogIsBounded() throws {
        #expect(try LogRequest(query: Query(parsing: "tail=\(APILimit.tailLines)")).tail == APILimit.tailLines)
        for text in ["\(APILimit.tailLines + 1)", "-1", "9223372036854775808", "x"] {
            let error = #expect(throws: APIError.self) { try LogRequest(query: Query(parsing: "tail=\(text)")) }
            #expect(error?.field == "tail" && error?.message == "found '\(text)', accepted a number from 0 to \(APILimit.tailLines)")
        }
    }

    private func roundTrip<Request: QueryRequest>(_ request: Request) throws {
        #expect(try Request(query: Query(parsing: String(request.query.suffix.dropFirst()))) == request)
    }

    @Test func requestsSurviveTheWire() throws {
        var selection = Selection([TaskSelector(JobID(12), indices: IntervalSet(0...9)), TaskSelector(jobs: 14...16)])
        (selection.batch, selection.user, selection.queue, selection.name) = ("a b", "ada", "long", "näme")
        selection.states = [.pending, .running]
        try roundTrip(selection)
        try roundTrip(ListRequest(selection, all: true, expand: true, limit: 5, after: JobID(3)))
        try roundTrip(ListRequest())
        try roundTrip(ShowRequest(indices: IntervalSet(3...7), attempt: 2, script: true, timing: true))
        try roundTrip(BatchRequest(name: "night ly", user: "1000", all: true))
        try roundTrip(ReportRequest(selection, by: .user, since: WallTime(milliseconds: 5), until: WallTime(milliseconds: 9), limit: 3))
        var log = LogRequest(index: 3, attempt: 2, format: .frames, follow: true)
        (log.stream, log.position, log.tail, log.onward) = (.stderr, 1 << 40, 20, true)
        try roundTrip(log)
        var events = EventRequest(after: 7, follow: false)
        (events.jobs, events.batch, events.user, events.kinds) = ([TaskSelector(JobID(1))], "b", "u", [.finished, .paused])
        try roundTrip(events)
        try roundTrip(ImageRequest(name: "ada/tools:1", all: true))
    }

    /// A value comes from whoever asks: no line end and no length of its own gets into the message.
    @Test func aRefusedValueStaysOneShortLine() throws {
        for text in ["1%0a2", "%1b[31m", String(repeating: "9", count: 100_000)] {
            let error = #expect(throws: APIError.self) { try ReportRequest(query: Query(parsing: "since=\(text)")) }
            let line = "\(try #require(error))"
            #expect(line.utf8.count < 300 && !line.unicodeScalars.contains { $0.value < 32 }, "\(line)")
        }
        #expect(APIError(.unknown, "no batch a\nb").message == "no batch a\\nb")
    }

    @Test func wrongValuesAreRefusedByField() {
        func field(_ text: String) -> String? {
            do { _ = try ListRequest(query: Query(parsing: text)) } catch {
                #expect(error.code == .invalid)
                return error.field
            }
            return nil
        }
        #expect(field("ids=12-") == "ids")
        #expect(field("state=asleep") == "state")
        #expect(field("limit=0") == "limit")
        #expect(field("after=x") == "after")
        #expect(field("ids=12&state=running&limit=3") == nil)
    }
}
