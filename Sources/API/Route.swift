/// The methods that routes use.
public enum HTTPMethod: String, Hashable, Sendable, CaseIterable { case get = "GET", post = "POST", delete = "DELETE" }

/// Every path of the API: the table from which the server registers and the client calls.
///
/// Placeholders in braces are numbers or hexadecimal ids; whatever people name (batches, images, users) travels in the query or the body.
public enum Route: String, Hashable, Sendable, CaseIterable {
    case version, openAPI
    case submit, submission
    case list, show, inspect, wait
    case cancel, signal, requeue, pause, resume, hold, release, update
    case batchList, batchShow, batchPause, batchResume, batchHold, batchRelease, batchCancel
    case report, logs, events
    case imageList, imageShow, imageImport, imageRemove, imageTag
    case node, use, doctor, metrics, purge, backup
    case sessionCreate, sessionInput, sessionOutput

    public var method: HTTPMethod {
        switch self {
        case .version, .openAPI, .submission, .list, .show, .inspect, .batchList, .batchShow, .report, .logs, .events, .imageList, .imageShow, .node,
            .use, .doctor, .metrics, .backup, .sessionOutput:
            .get
        case .imageRemove: .delete
        default: .post
        }
    }

    /// The path below the root, such as `/v1/jobs/{job}`.
    public var pattern: String { "/v\(APIVersion.current)/" + tail }

    private var tail: String {
        switch self {
        case .version: "version"
        case .openAPI: "openapi.json"
        case .submit: "jobs"
        case .submission: "submissions/{key}"
        case .list: "jobs"
        case .show: "jobs/{job}"
        case .inspect: "jobs/{job}/inspect"
        case .wait: "tasks/wait"
        case .cancel, .signal, .requeue, .pause, .resume, .hold, .release, .update: "tasks/\(rawValue)"
        case .batchList: "batches"
        case .batchShow: "batches/show"
        case .batchPause: "batches/pause"
        case .batchResume: "batches/resume"
        case .batchHold: "batches/hold"
        case .batchRelease: "batches/release"
        case .batchCancel: "batches/cancel"
        case .report: "report"
        case .logs: "jobs/{job}/log"
        case .events: "events"
        case .imageList: "images"
        case .imageShow: "images/show"
        case .imageImport: "images/import"
        case .imageRemove: "images"
        case .imageTag: "images/tag"
        case .node: "node"
        case .use: "use"
        case .doctor: "doctor"
        case .metrics: "metrics"
        case .purge: "purge"
        case .backup: "backup"
        case .sessionCreate: "sessions"
        case .sessionInput: "sessions/{session}/input"
        case .sessionOutput: "sessions/{session}/output"
        }
    }

    /// The name of the placeholder in the pattern, without braces.
    public var parameter: String? {
        guard let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") else { return nil }
        return String(pattern[pattern.index(after: open)..<close])
    }

    /// The path with its placeholder filled in; the value is a number, a key or a session id and needs no escaping.
    public func path(_ value: String = "") -> String {
        guard let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") else { return pattern }
        return pattern[..<open] + value + pattern[pattern.index(after: close)...]
    }
}
