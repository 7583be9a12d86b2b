import JobModel

/// The jobs of one file and what each waits for; puts them into an order of submission.
struct JobGraph {
    let file: String
    private var jobs: [FileJob] = []
    private var places: [FieldPlace?] = []
    private var byName: [String: Int] = [:]

    init(file: String) { self.file = file }

    mutating func add(_ job: FileJob, line: Int?, dependencies: FieldPlace?) throws(DocumentError) {
        if let name = job.name {
            if JobID(name) != nil {
                throw DocumentError(
                    file: file, line: line, field: "name", found: DocumentText.quoted(name),
                    accepted: "a name that is not a number, in a file of several jobs")
            }
            guard byName.updateValue(jobs.count, forKey: name) == nil else {
                throw DocumentError(
                    file: file, line: line, field: "name", found: "a second job \(DocumentText.quoted(name))",
                    accepted: "each name once in a file")
            }
        }
        jobs.append(job)
        places.append(dependencies)
    }

    /// Each job after those it depends on, else as in the file.
    mutating func ordered() throws(DocumentError) -> [FileJob] {
        var needs: [[Int]] = []
        for index in jobs.indices { needs.append(try resolve(index)) }
        var order: [Int] = []
        var state = [Visit](repeating: .new, count: jobs.count)
        for start in jobs.indices where state[start] == .new {
            // A stack of its own: a long chain must not become deep recursion.
            var stack = [(job: start, next: 0)]
            state[start] = .open
            while let (job, next) = stack.last {
                guard next < needs[job].count else {
                    state[job] = .done
                    order.append(job)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let need = needs[job][next]
                if state[need] == .open { throw cycle(stack.map(\.job), back: need) }
                if state[need] == .new {
                    state[need] = .open
                    stack.append((need, 0))
                }
            }
        }
        return order.map { jobs[$0] }
    }

    private enum Visit { case new, open, done }

    /// The positions of the jobs that one depends on; splits `name.3` into name and index where no job is called so.
    private mutating func resolve(_ index: Int) throws(DocumentError) -> [Int] {
        var result: [Int] = []
        for (at, need) in jobs[index].dependencies.enumerated() {
            var need = need
            if byName[need.job] == nil, need.index == nil, let dot = need.job.lastIndex(of: "."),
                let task = TaskIndex(need.job[need.job.index(after: dot)...]), byName[String(need.job[..<dot])] != nil
            {
                need = NamedDependency(kind: need.kind, job: String(need.job[..<dot]), index: task)
            }
            guard let target = byName[need.job] else {
                let names = jobs.compactMap(\.name)
                throw refused(
                    index, found: "the job \(DocumentText.quoted(need.job))", accepted: "an id, or the name of a job of this file",
                    nearest: NearestName.of(need.job, in: names))
            }
            try checkIndices(index, need, target)
            jobs[index].dependencies[at] = need
            result.append(target)
        }
        return result
    }

    private func checkIndices(_ index: Int, _ need: NamedDependency, _ target: Int) throws(DocumentError) {
        let indices = jobs[target].spec.array?.indices
        if let task = need.index, indices?.contains(task) != true {
            throw refused(
                index, found: "index \(task) of \(DocumentText.quoted(need.job))",
                accepted: indices.map { "one of \($0)" } ?? "a job that is an array")
        }
        guard need.kind == .aftercorr else { return }
        guard let own = jobs[index].spec.array?.indices, let indices, own == indices, need.index == nil else {
            throw refused(index, found: "aftercorr of \(DocumentText.quoted(need.job))", accepted: "two arrays with the same indices")
        }
    }

    private func cycle(_ path: [Int], back: Int) -> DocumentError {
        let start = path.firstIndex(of: back) ?? 0
        let names = (path[start...] + [back]).map { DocumentText.oneLine(jobs[$0].name ?? "?") }
        let shown = names.count > 8 ? names.prefix(4) + ["..."] + names.suffix(2) : names[...]
        return refused(
            path[path.count - 1], found: "a cycle (\(shown.joined(separator: " -> ")))", accepted: "dependencies without a cycle")
    }

    private func refused(_ index: Int, found: String, accepted: String, nearest: String? = nil) -> DocumentError {
        DocumentError(
            file: places[index]?.file, line: places[index]?.line, field: places[index]?.label ?? "dependencies", found: found,
            accepted: accepted,
            nearest: nearest)
    }
}
