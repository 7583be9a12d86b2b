import Foundation
import JobModel
import JobSpecs
import Testing

@Suite struct DocumentationTests {
    /// Every field has its row with its aliases, help and accepted values, word for word.
    @Test func theReferenceListsEveryField() throws {
        let page = try text(of: "docs/job-spec.md")
        for field in JobField.all {
            let row = Self.row(field)
            #expect(page.contains(row), "docs/job-spec.md lacks the row\n\(row)")
        }
    }

    /// Every YAML example of the page is accepted.
    @Test func theExamplesAreAccepted() throws {
        let page = try text(of: "docs/job-spec.md")
        let blocks = page.split(separator: "```")
        var tried = 0
        for block in blocks where block.hasPrefix("yaml\n") || block.hasPrefix("sh\n#!") {
            tried += 1
            let body = String(block.drop { $0 != "\n" }.dropFirst())
            let source: SpecSource = block.hasPrefix("yaml") ? .yaml(text: body, file: "example") : .script(text: body, file: "example")
            #expect(refusal(source) == nil, "\(body)")
        }
        #expect(tried == 4)
    }

    /// Every job in `Jobs/` is accepted by reader and defaults.
    @Test func theJobsAreAccepted() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: packageRoot.appending(path: "Jobs").path).sorted()
        #expect(names.count >= 9)
        for name in names {
            let file = try JobFile.read(SpecSource.detect(text: try text(of: "Jobs/\(name)"), file: name), context: testContext)
            for job in file.jobs {
                _ = try job.spec.resolved(queue: QueueDefinition(name: "default"), defaults: JobDefaults())
                #expect(["busybox", "tools"].contains(job.spec.image), "\(name)")
            }
        }
    }

    static func row(_ field: JobField) -> String {
        let aliases = field.aliases.map { "`\($0.count == 1 ? "-\($0)" : $0)`" }.joined(separator: ", ")
        let typed = ["true": field.flag, "false": "--no-\(field.name)"][field.example] ?? "\(field.flag) \(field.example)"
        let example = field.example.isEmpty ? "" : " Example: `\(typed)`."
        return "| `\(field.name)` | \(aliases) | \(field.summary). Accepted: \(field.accepted.replacing("|", with: "\\|")).\(example) |"
    }
}
