import API
import Client
import JobModel
import JobSpecs
import LinuxSys

/// From what was typed to the jobs of a request.
enum SubmitFile {
    /// `file` nil: flags only; `-`: standard input.
    static func read(file: String?, flags: SpecFlags) throws -> JobFile {
        let source = try file.map(read) ?? .none
        // An image that was named may bring what is to run.
        if case .none = source, flags.command.isEmpty, flags.script == nil, flags.image == nil {
            throw CommandFailure.usage(
                "nothing to run: name a file, give --wrap 'text', or put the command behind --, as in: berth submit -- echo hello")
        }
        return try JobFile.read(source, flags: flags, context: try context())
    }

    /// Submits; a refusal names its field as it was written, with file and line, or the flag.
    static func submit(_ request: SubmitRequest, of file: JobFile, _ client: BerthClient) throws(ClientError) -> SubmitReply {
        do throws(ClientError) { return try client.submit(request) } catch {
            guard case .refused(let refusal) = error else { throw error }
            throw .refused(written(refusal, in: file.jobs))
        }
    }

    /// The refusal with `jobs[1].resources.memory` as `job.yaml:7: memory`.
    static func written(_ refusal: APIError, in jobs: [FileJob]) -> APIError {
        guard var path = refusal.field else { return refusal }
        var position = 0
        if path.hasPrefix("jobs["), let close = path.firstIndex(of: "]"), let number = Int(path[..<close].dropFirst(5)) {
            position = number
            path = String(path[close...].dropFirst(2))
        }
        if path.hasPrefix("spec.") { path = String(path.dropFirst(5)) }
        guard jobs.indices.contains(position) else { return refusal }
        var named = refusal
        let place = jobs[position].place(of: path)
        named.field = place.map(\.description) ?? path
        // A field that was not written does not tell which job it is of.
        if place?.file == nil, jobs.count > 1 { named.field = "job \(jobs[position].name ?? "\(position + 1)"): \(named.field ?? path)" }
        return named
    }

    /// Names within the file become positions in the request.
    static func submitted(_ file: JobFile) throws -> [SubmittedSpec] {
        var positions: [String: Int] = [:]
        var result: [SubmittedSpec] = []
        for (position, job) in file.jobs.enumerated() {
            let after = try job.dependencies.map { need in
                guard let earlier = positions[need.job] else { throw CommandFailure.usage("dependencies: no job '\(need.job)' before this one") }
                return PositionDependency(kind: need.kind, position: earlier, index: need.index)
            }
            result.append(SubmittedSpec(withoutLinks(job.spec), after: after.isEmpty ? nil : after))
            if let name = job.name { positions[name] = position }
        }
        return result
    }

    /// Paths that stand for a disk: the daemon looks for them among mounts and opens none, so a link would mean the disk that holds the link.
    private static func withoutLinks(_ spec: JobSpec) -> JobSpec {
        var spec = spec
        spec.resources.io = spec.resources.io?.map { limit in
            var limit = limit
            limit.path = limit.path.map { path in
                // What is not there, or cannot be looked at, stays as it was written: the daemon says what it makes of it.
                (try? Descriptor.open(path, [.path]).path()) ?? path
            }
            return limit
        }
        return spec
    }

    /// The surroundings of this process.
    static func context() throws -> SpecContext {
        SpecContext(
            directory: try ProcessContext.workingDirectory(), environment: ProcessContext.environment(), now: .current,
            secondsFromUTC: { LocalTime(secondsSince1970: $0.milliseconds / 1000).secondsFromUTC })
    }

    /// 16 random bytes: nobody else's submit has the same.
    static func newKey() -> RequestKey {
        RequestKey((0..<16).map { _ in UInt8.random(in: 0...255) }.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    /// More than any job file may have, so that the refusal of a long one tells the bound of its kind.
    private static let longest = 4 * Int(clamping: SpecBounds.text.count)

    private static func read(_ file: String) throws -> SpecSource {
        let descriptor: Descriptor
        do throws(SystemError) { descriptor = file == "-" ? .standardInput : try Descriptor.open(file) } catch {
            let hint = error.isNotFound && !file.contains("/") ? "; to submit a command put -- before it: berth submit -- \(file)" : ""
            throw CommandFailure.usage("\(error)\(hint)")
        }
        let text = try descriptor.readText(limit: longest)
        return SpecSource.detect(text: text, file: file == "-" ? "standard input" : file)
    }
}

extension WallTime {
    /// Now, by this machine's clock.
    static var current: WallTime { WallTime(milliseconds: Int64(clamping: wallNanoseconds() / 1_000_000)) }
}
