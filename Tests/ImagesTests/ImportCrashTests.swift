import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

@Suite("Kill −9 during an import", .enabled(if: isRoot, "needs root"))
struct ImportCrashTests {
    /// Set in the process that is to be killed: the state directory.
    private static let variable = "BERTH_TEST_IMPORT_CRASH"

    /// Two images that share their lower layer.
    static let archives: [[UInt8]] = {
        let shared = TarBuilder.make { tar in for number in 0..<100 { tar.file("shared/\(number)", String(repeating: "s", count: 5_000)) } }
        return ["a", "b"].map { name in
            let top = TarBuilder.make { tar in
                for number in 0..<100 { tar.file("\(name)/\(number)", String(repeating: name, count: 5_000)) }
            }
            return DockerArchiveBuilder.archive(layers: [shared, top])
        }
    }()

    @Test func leavesNothingHalfDone() async throws {
        if let path = ProcessContext.variable(Self.variable) { try await importForever(path) }
        let place = try StorePlace()
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var interrupted = 0
        for round in 0..<(Programs.isEmulated ? 4 : 12) {
            let child = try Spawn(
                path: CommandLine.arguments[0],
                arguments: [
                    CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter", "ImportCrashTests/leavesNothingHalfDone",
                ],
                environment: ProcessContext.environment().merging([Self.variable: place.path]) { $1 }
            ).run()
            // An import is under way once the staging directory holds something; from there any moment may be the last.
            while try !isImporting(place), child.isAlive { sleepBlocking(nanoseconds: 200_000) }
            sleepBlocking(nanoseconds: UInt64.random(in: 0...120_000_000, using: &random))
            try child.signal(9)
            #expect(try child.wait() == .killed(signal: 9, coreDumped: false))
            if try !place.names("staging").isEmpty { interrupted += 1 }
            try await expectWhole(place, "seed \(seed) round \(round)")
        }
        #expect(interrupted > 0, "seed \(seed): no kill met an import")
    }

    private func importForever(_ path: String) async throws -> Never {
        let settings = ImageStoreSettings(root: path + "/images", helper: StorePlace.helper, now: { WallTime(milliseconds: 0) })
        let store = try await ImageStore.open(settings, running: [])
        let name = try #require(ImageReference("x"))
        while true {
            for archive in Self.archives {
                let file = try Descriptor.memoryFile("archive")
                try file.write(archive)
                _ = try await store.importArchive(file, as: name, owner: .operators)
            }
            try await store.remove(name, owner: .operators)
        }
    }

    private func isImporting(_ place: StorePlace) throws -> Bool {
        try FileManager.default.fileExists(atPath: place.path + "/images/staging") && !place.names("staging").isEmpty
    }

    /// After a sweep there are whole images or none, and nothing that no image names.
    private func expectWhole(_ place: StorePlace, _ note: Comment) async throws {
        let store = try await place.open()
        let images = await store.list().map(\.image)
        #expect(try place.names("staging").allSatisfy { $0.hasPrefix("trash-") }, note)
        #expect(try Set(place.names("images")) == Set(images.map(\.key.description)), note)
        #expect(try Set(place.names("layers")) == Set(images.flatMap { $0.layers.map(\.key.description) }), note)
        for layer in images.flatMap(\.layers) {
            let directory = try Descriptor.open(place.path + "/images/layers/\(layer.key)", .directory)
            let folder = try #require(try directory.names().first)
            let files = try directory.open(at: folder, .directory)
            #expect(try files.names().count == 100, note)
            #expect(try files.names().allSatisfy { try files.status(at: $0).size == 5_000 }, note)
        }
        try await store.close()
    }
}
