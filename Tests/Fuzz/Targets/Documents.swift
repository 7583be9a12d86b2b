import DaemonConfiguration
import Foundation
import JobModel
import JobSpecs

/// What people write: job files, scripts, the daemon's configuration.
extension FuzzTarget {
    private static let yaml = [
        "*a", "&a ", "[", "]", "{", "}", ": ", "- ", "\n", "\"", "'", "|\n", ">-\n", "#", "!!binary ", "<<: *a\n", "\t", "%", "\u{0}", "é",
        "\u{202e}",
        "~", "---\n", "...\n", "..", "=", ",", "@", "? ", "null", "true", "1e9", ".inf", "\u{feff}", "\r", "\u{85}", "\u{2028}",
    ]
    private static let values = [
        "0-99%10", "0-4294967295", "1-00:00:00", "5m", "1.5G", "16EiB", "500m", "afterok:1", "USR1@300s", "%j %a %A", "source=/a,target=/b,ro",
        "read=5M", "nofile=1:2", "now+1h", "tomorrow", "count=2,on=failed", "user:1", "memory", "image", "gpu:2",
    ]

    static let documents = [
        FuzzTarget(name: "job-file", words: yaml + values + ["jobs", "name", "command", "depends_on", "environment", "mounts", "array"]) { bytes in
            try readJobs(.yaml(text: String(decoding: bytes, as: UTF8.self), file: "f"))
        },
        FuzzTarget(name: "script", words: values + ["#BERTH ", "--", "=", "\"", "'", "\\", "\n", " ", "-", "$", "#!/bin/sh\n", "\u{0}"]) { bytes in
            try readJobs(.script(text: String(decoding: bytes, as: UTF8.self), file: "f"))
        },
        // What `berth submit` finds out for itself.
        FuzzTarget(name: "any-file", sample: { Corpus.files("Jobs").randomElement(using: &$0) ?? [] }, words: yaml) { bytes in
            try readJobs(SpecSource.detect(text: String(decoding: bytes, as: UTF8.self), file: "f"))
        },
        FuzzTarget(
            name: "configuration",
            sample: { _ in Corpus.files("Config").first { String(decoding: $0, as: UTF8.self).contains("state_directory") } ?? [] },
            words: yaml + values + ["queues:\n", "  maximum:\n", "resources:\n", "127.0.0.1:9754", "100-200", "90%", "\n", "\n#", "#"],
            repair: uncomment
        ) { bytes in
            do { _ = try Settings.read(text: String(decoding: bytes, as: UTF8.self), file: "f") } catch {
                try mustBeOneLine("\(error)")
                throw error
            }
        },
    ]

    /// The installed configuration stands in comments.
    private static func uncomment(_ bytes: inout [UInt8]) {
        guard bytes.count % 3 != 0 else { return }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        bytes = Array(
            lines.map { $0.first == UInt8(ascii: "#") && $0.dropFirst().first != UInt8(ascii: " ") ? $0.dropFirst() : $0 }.joined(separator: [10]))
    }

    private static let context = SpecContext(
        directory: "/home/ada", environment: ["LANG": "C", "PATH": "/bin"], now: WallTime(milliseconds: 1_900_000_000_000))

    private static func readJobs(_ source: SpecSource) throws {
        do {
            for job in try JobFile.read(source, context: context).jobs {
                let json = try JSONEncoder().encode(job.spec)
                try mustEqual(job.spec, try JSONDecoder().decode(JobSpec.self, from: json), "JSON of a spec")
                do { try job.spec.validate() } catch { throw Violation("what was read is not valid: \(error)") }
                _ = try? job.spec.resolved(queue: QueueDefinition(name: "default"), defaults: JobDefaults())
            }
        } catch {
            if error is Violation { throw error }
            try mustBeOneLine("\(error)")
            throw error
        }
    }
}
