import Foundation
import JobModel
import JobSpecs
import Testing

let testContext = SpecContext(
    directory: "/home/ada/run", environment: ["PATH": "/bin", "LANG": "C", "BERTH_JOB_ID": "7", "BASH_FUNC_x%%": "() { :; }"],
    now: WallTime(milliseconds: 1_900_000_000_000), secondsFromUTC: { _ in 3600 })

/// The top of the package.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

func text(of path: String) throws -> String { try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8) }

func yaml(_ text: String, flags: SpecFlags = SpecFlags()) throws -> JobSpec {
    let file = try JobFile.read(.yaml(text: text, file: "job.yaml"), flags: flags, context: testContext)
    return try #require(file.jobs.first).spec
}

func script(_ text: String, flags: SpecFlags = SpecFlags()) throws -> JobSpec {
    let file = try JobFile.read(.script(text: text, file: "dir/job.sh"), flags: flags, context: testContext)
    return try #require(file.jobs.first).spec
}

/// The one line that refuses a source.
func refusal(_ source: SpecSource, flags: SpecFlags = SpecFlags()) -> String? {
    do {
        _ = try JobFile.read(source, flags: flags, context: testContext)
        return nil
    } catch {
        return error.description
    }
}
