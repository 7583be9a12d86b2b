import API
import JobModel
import Reports

/// What one route takes and answers.
struct Operation {
    /// A body, in either direction.
    enum Content {
        case none
        case json(any Decodable.Type)
        /// A stream of bytes, or of anything that is no JSON document.
        case stream(String)
        /// One or the other, as the query asks.
        case jsonOrStream(any Decodable.Type, String)
    }

    struct Parameter: Equatable {
        var name: String
        var schema: Schema
        var isRequired = false
    }

    /// One line.
    var summary: String
    var query: [Parameter] = []
    var request = Content.none
    var reply: Content
    var status = 200

    init(_ summary: String, query: [Parameter] = [], _ request: Content = .none, reply: Content, status: Int = 200) {
        self.summary = summary
        self.query = query
        self.request = request
        self.reply = reply
        self.status = status
    }
}

extension Operation.Parameter {
    static func text(_ name: String) -> Self { Self(name: name, schema: .text) }
    static func number(_ name: String, _ range: ClosedRange<Int64>) -> Self { Self(name: name, schema: .integer(range)) }
    static func flag(_ name: String) -> Self { Self(name: name, schema: .words(["0", "1", "false", "true"])) }
    static func words<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) -> Self where Word.RawValue == String {
        Self(name: name, schema: .words(Word.allCases.map(\.rawValue)))
    }
    var required: Self {
        var copy = self
        copy.isRequired = true
        return copy
    }
}

extension Route {
    /// The parameters that travel in the query: what the request's `init(query:)` reads, which a test holds against it.
    var query: [Operation.Parameter] {
        switch self {
        case .list: Self.selection + [.flag("all"), .flag("expand"), .number("limit", 1...Int64.max), .number("after", 1...Int64.max)]
        case .show: [.text("indices"), .number("attempt", 0...Int64(UInt32.max)), .flag("script"), .flag("timing")]
        case .inspect:
            [
                .number("index", 0...Int64(UInt32.max)), .number("attempt", 0...Int64(UInt32.max)), .flag("core"),
                .number("process", 1...Int64(Int32.max)), .flag("running"),
            ]
        case .batchList, .batchShow: [.text("name"), .text("user"), .flag("all")]
        case .report:
            Self.selection + [
                .words("by", ReportRequest.Grouping.self), .number("since", Int64.min...Int64.max), .number("until", Int64.min...Int64.max),
                .number("limit", 1...Int64.max), Operation.Parameter(name: "plots", schema: .flag), .number("secondsFromUTC", -86_400...86_400),
            ]
        case .logs:
            [
                .number("index", 0...Int64(UInt32.max)), .number("attempt", 0...Int64(UInt32.max)), .words("format", LogRequest.Format.self),
                .flag("follow"), .words("stream", LogRequest.Stream.self), .number("position", 0...Int64.max), .flag("onward"),
                .number("tail", 0...Int64(APILimit.tailLines)),
            ]
        case .events:
            [.number("after", 0...Int64.max), .flag("follow"), .text("ids"), .text("batch"), .text("user"), .words("kind", Event.Kind.self)]
        case .imageList: [.text("name"), .flag("all")]
        case .imageShow, .imageImport, .imageRemove: [.text("name").required, .flag("all")]
        default: []
        }
    }

    private static var selection: [Operation.Parameter] {
        [.text("ids"), .text("batch"), .text("user"), .text("queue"), .text("name"), .words("state", StateFilter.self)]
    }

    var operation: Operation {
        switch self {
        case .version: Operation("The daemon's version; cheap", reply: .json(VersionReply.self))
        case .openAPI: Operation("This description", reply: .stream("application/json"))
        case .submit:
            Operation("Submits jobs, all or none; sent once durable", .json(SubmitRequest.self), reply: .json(SubmitReply.self), status: 201)
        case .submission: Operation("Whether the submit with this key was committed", reply: .json(SubmitReply.self))
        case .list: Operation("Jobs, a page at a time", query: query, reply: .json(ListReply.self))
        case .show: Operation("One job with its attempts", query: query, reply: .json(JobDetail.self))
        case .inspect:
            Operation(
                "What the processes of a running job do; with core the memory of one", query: query,
                reply: .jsonOrStream(InspectReply.self, "application/octet-stream"))
        case .wait: Operation("Waits until what is selected has finished", .json(WaitRequest.self), reply: .json(WaitReply.self))
        case .cancel: act("Ends tasks")
        case .signal: act("Sends a signal to running tasks")
        case .requeue: act("Runs finished tasks again")
        case .pause: act("Freezes running tasks and keeps others from starting")
        case .resume: act("Lets paused tasks go on")
        case .hold: act("Keeps tasks from starting")
        case .release: act("Lets held tasks start")
        case .update: Operation("Changes tasks that wait", .json(UpdateRequest.self), reply: .json(ActionReply.self))
        case .batchList: Operation("Batches", query: query, reply: .json(BatchListReply.self))
        case .batchShow: Operation("One batch", query: query, reply: .json(BatchReply.self))
        case .batchPause: actOnBatch("Pauses a batch, members yet to come included")
        case .batchResume: actOnBatch("Resumes a batch")
        case .batchHold: actOnBatch("Holds a batch")
        case .batchRelease: actOnBatch("Releases a batch")
        case .batchCancel: actOnBatch("Cancels the members of a batch")
        case .report: Operation("What attempts used", query: query, reply: .json(ReportReply.self))
        case .logs: Operation("A task's output, raw or in frames", query: query, reply: .stream("application/octet-stream"))
        case .events: Operation("What happens: a line of JSON for each event", query: query, reply: .stream("application/x-ndjson"))
        case .imageList: Operation("Images", query: query, reply: .json(ImageListReply.self))
        case .imageShow: Operation("One image", query: query, reply: .json(ImageReply.self))
        case .imageImport:
            Operation("Imports an archive", query: query, .stream("application/octet-stream"), reply: .json(ImageReply.self), status: 201)
        case .imageRemove: Operation("Removes a name and what nothing else uses", query: query, reply: .json(ImageRemoveReply.self))
        case .imageTag: Operation("Gives an image another name", .json(ImageTagRequest.self), reply: .json(ImageReply.self))
        case .node: Operation("The machine", reply: .json(NodeReply.self))
        case .use: Operation("Who is on the machine and what they use now", reply: .json(UseReply.self))
        case .doctor: Operation("Checks of the machine", reply: .json(DoctorReply.self))
        case .metrics: Operation("Metrics for Prometheus", reply: .stream("text/plain"))
        case .purge: Operation("Forgets finished jobs", .json(PurgeRequest.self), reply: .json(PurgeReply.self))
        case .backup: Operation("The whole database as of one moment, for operators", reply: .stream("application/vnd.sqlite3"))
        case .sessionCreate: Operation("Opens a session", .json(SessionRequest.self), reply: .json(SessionReply.self), status: 201)
        case .sessionInput: Operation("Frames to the job", .stream(Frame.mediaType), reply: .json(SessionInputReply.self))
        case .sessionOutput: Operation("Frames from the job", reply: .stream(Frame.mediaType))
        }
    }

    private func act(_ summary: String) -> Operation { Operation(summary, .json(ActionRequest.self), reply: .json(ActionReply.self)) }
    private func actOnBatch(_ summary: String) -> Operation {
        Operation(summary, .json(BatchActionRequest.self), reply: .json(BatchReply.self))
    }
}
