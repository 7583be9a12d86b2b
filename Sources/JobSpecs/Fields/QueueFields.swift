import JobModel

extension JobField {
    /// How the job stands in the queue.
    static let queueFields: [JobField] = [
        JobField(
            "array", ["a"], paths: ["array.indices", "array.limit", "array"], example: "0-99%10",
            accepted: "indices such as 0-99, 1,3,7-9 or 0-100:10, with %N for at most N active at once; at most 10000000",
            "Makes one task for each index; %a in file names and BERTH_TASK_INDEX tell them apart", read: readArray),
        JobField(
            "batch", paths: ["batch"], example: "nightly", accepted: SpecCheckText.identifier, "The batch that the job belongs to"
        ) { value, draft throws(DocumentError) in draft.spec.batch = try value.text() },
        JobField(
            "queue", ["partition", "p", "q"], paths: ["queue"], example: "long", accepted: SpecCheckText.identifier,
            "The queue; there is one named default"
        ) { value, draft throws(DocumentError) in draft.spec.queue = try value.text() },
        JobField(
            "priority", paths: ["priority"], example: "-10", accepted: "-1000000 to 1000000; operators alone go above 0",
            "Higher starts first; equal ones in the order of submission"
        ) { value, draft throws(DocumentError) in draft.spec.priority = try value.integer() },
        JobField(
            "dependencies", ["dependency", "depends_on", "depends", "d"], paths: ["dependencies"], shape: .list, example: "afterok:12:13",
            accepted:
                "after, afterany, afterok, afternotok or aftercorr with jobs, such as afterok:12:13 or afterok:prepare; a job alone means afterok",
            "Jobs that must have come so far; all of them have to hold", read: readDependencies),
        JobField(
            "begin", ["start"], paths: ["begin"], example: "2030-01-31T18:00", accepted: BeginTime.accepted, "Not before this moment"
        ) { value, draft throws(DocumentError) in
            draft.spec.begin = try value.parsed { BeginTime.parse($0, context: value.context) }
        },
        JobField(
            "retries", ["retry"], paths: ["retries.count", "retries.outcomes", "retries.backoff", "retries"],
            example: "count=3,on=failed+killed,backoff=30s",
            accepted: "0 to 1000, or count, on (failed, killed, timedOut, outOfMemory, startFailed) and backoff (doubled each time)",
            "How often a task is tried again after it ended badly", read: readRetries),
        JobField(
            "rerun", ["requeue"], paths: ["rerun"], example: "on-loss", accepted: "never or on-loss",
            "Whether a task whose node or monitor was lost goes back into the queue"
        ) { value, draft throws(DocumentError) in draft.spec.rerun = try value.choice(RerunPolicy.self) },
        JobField(
            "hold", ["held", "H"], paths: ["hold"], shape: .toggle, example: "true", accepted: "true or false",
            "The job is accepted but waits until it is released"
        ) { value, draft throws(DocumentError) in draft.spec.hold = try value.boolean() },
        JobField(
            "tags", ["tag", "label", "labels"], paths: ["tags"], shape: .list, example: "paper,draft",
            accepted: "up to 32 words parted by commas, or a list", "Free words for listing and filtering"
        ) { value, draft throws(DocumentError) in draft.spec.tags = try value.words() },
        JobField(
            "api", paths: ["api"], shape: .toggle, example: "true", accepted: "true or false; needs a batch",
            "Lets the job submit and list within its own batch through Berth's socket"
        ) { value, draft throws(DocumentError) in draft.spec.api = try value.boolean() },
    ]

    private static func readArray(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        if case .map = value.node.content, let members = try value.members(["indices": [], "limit": []]) {
            guard let indices = members["indices"] else { throw value.refused(found: "no indices") }
            let set = try indices.parsed { IntervalSet(list: $0) }
            draft.spec.array = ArraySpec(indices: set, limit: try members["limit"]?.integer())
            return
        }
        draft.spec.array = try value.parsed { text in
            let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, !first.isEmpty, let indices = IntervalSet(list: String(first)) else { return nil }
            guard parts.count == 2 else { return ArraySpec(indices: indices) }
            return Int(parts[1]).map { ArraySpec(indices: indices, limit: $0) }
        }
    }

    private static func readRetries(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        if case .scalar(let text) = value.node.content, let count = Int(text) {
            draft.spec.retries = RetryPolicy(count: count)
            return
        }
        let names = ["count": ["retries"], "on": ["outcomes"], "backoff": ["delay", "wait"]]
        guard let members = try value.members(names), let count = members["count"] else { throw value.refused() }
        var policy = RetryPolicy(count: try count.integer())
        if let on = members["on"] { policy.outcomes = try outcomes(on) }
        if let backoff = members["backoff"] {
            policy.backoff = try backoff.with(backoff.node, label: backoff.label, accepted: TimeSpan.accepted).time()
        }
        draft.spec.retries = policy
    }

    private static func outcomes(_ value: FieldValue) throws(DocumentError) -> [AttemptOutcome.Kind] {
        var result: [AttemptOutcome.Kind] = []
        for item in value.items() {
            for word in try item.text().split(whereSeparator: { $0 == "+" || $0 == "," }) {
                let spoken = ["oom": "outOfMemory", "timeout": "timedOut"][word.lowercased()] ?? trimmed(word)
                let kind = SpecBounds.retriable.first { normalizedName($0.rawValue) == normalizedName(spoken) }
                guard let kind else {
                    let known = SpecBounds.retriable.map(\.rawValue)
                    var error = item.refused(found: DocumentText.quoted(String(word)), accepted: known.joined(separator: ", "))
                    error.nearest = NearestName.of(String(word), in: known)
                    throw error
                }
                result.append(kind)
            }
        }
        return result
    }
}

enum SpecCheckText {
    static let identifier = "letters, digits and ._- after a first letter or digit, at most 64 characters"
}
