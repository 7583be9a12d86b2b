import LinuxSys
public import Testing

extension TestDaemon {
    /// The cpus that the kernel gives a job's attempt, as a list such as `0-1`; nil when it has no group.
    public func kernelCpus(_ id: String, attempt: Int = 1) -> String? {
        guard let group = try? group(of: id, attempt: attempt) else { return nil }
        let places = ["/sys/fs/cgroup/cpuset/\(group)/cpuset.effective_cpus", "/sys/fs/cgroup/\(group)/cpuset.cpus.effective"]
        return places.lazy.compactMap { try? readTextFile($0) }.first.map { String($0.prefix { !$0.isNewline }) }
    }

    /// The path of an attempt's groups below the top of each hierarchy.
    public func group(of id: String, attempt: Int = 1) throws -> String {
        let attempts = try show(id)["attempts"]
        for found in attempts.list where found["id"].text?.hasSuffix("#\(attempt)") ?? false {
            if let name = found["group"].text { return "\(groupParent)/\(name)" }
        }
        throw Failure(description: "attempt \(attempt) of \(id) has no groups: \(attempts)")
    }

    /// Running jobs with exclusive cores whose cores in the kernel are not those decided, or that share one.
    public func misplacedCores() throws -> [String] {
        var owners: [String: String] = [:]
        var findings: [String] = []
        for id in try berth("list --quiet --user all --state running").output.split(separator: "\n").map(String.init) {
            let attempt = try show(id)["attempts"][-1]
            guard attempt["state"].text == "running", attempt["placement"]["shared"].flag != true else { continue }
            let number = attempt["id"].text?.split(separator: "#").last.flatMap { Int($0) } ?? 1
            let decided = attempt["placement"]["cpus"].text ?? "?"
            let kernel = kernelCpus(id, attempt: number) ?? "nothing"
            if kernel != decided { findings.append("job \(id): decided are cpus \(decided), the kernel says \(kernel)") }
            for cpu in members(kernel) {
                if let other = owners.updateValue(id, forKey: cpu) { findings.append("jobs \(other) and \(id) share cpu \(cpu)") }
            }
        }
        return findings
    }

    /// Expects that soon every running job has the cores that were decided, and none of another's.
    public func expectRightCores(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found: [String]? = try TestSupport.poll(seconds: 10) { try misplacedCores().isEmpty ? [] : nil }
        let findings = try found ?? misplacedCores()
        #expect(findings.isEmpty, sourceLocation: sourceLocation)
    }

    private func members(_ list: String) -> [String] {
        list.split(separator: ",").flatMap { part -> [String] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last else { return [] }
            return (first...last).map(String.init)
        }
    }
}
