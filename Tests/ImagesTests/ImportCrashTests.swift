import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
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

    @Test(.timeLimit(.minutes(5))) func leavesNothingHalfDone() async throws {
        if let path = ProcessContext.variable(Self.variable) { try await importForever(path) }
        let place = try StorePlace()
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed)
        var interrupted = 0
        for round in 0..<12 {
            let child = try Spawn(
                path: CommandLine.arguments[0],
                arguments: [CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter", "ImportCrashTests"],
                environment: ProcessContext.environment().merging([Self.variable: place.path]) { $1 }
            ).run()
            // It is at work once it holds the store's lock.
            for _ in 0..<3000 where try !isLocked(place) { sleepBlocking(nanoseconds: 10_000_000) }
            sleepBlocking(nanoseconds: UInt64.random(in: 1_000_000...400_000_000, using: &random))
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

    private func isLocked(_ place: StorePlace) throws -> Bool {
        guard let lock = try? Descriptor.open(place.path + "/images/lock", .readWrite) else { return false }
        return try !lock.lock()
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

@Suite("Sandbox of the import helper", .enabled(if: isRoot, "needs root"))
struct HelperSandboxTests {
    @Test(.timeLimit(.minutes(2))) func theReaderOfTheArchiveCanDoNoHarm() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        // Zeros after the end of the tar keep it busy: they are unpacked and hashed, not written.
        let bytes = TarBuilder.make { $0.file("x") }
        let archive = try place.archive(bytes)
        try archive.truncate(to: 8 << 30)
        let name = try #require(ImageReference("x"))
        let importing = Task { try await store.importArchive(archive, as: name, owner: .operators) }
        let (supervisor, reader) = try await findHelper()
        defer { try? ProcessHandle(pid: supervisor).signal(9) }
        try await waitForFilter(reader)
        let status = try fields(reader)
        let base = String(ImageStoreSettings.defaultBase)
        #expect(status["Uid"] == [base, base, base, base] && status["Gid"] == [base, base, base, base])
        // CHOWN, DAC_OVERRIDE, FOWNER and FSETID, over the ids of images only.
        #expect(
            status["CapEff"] == ["000000000000001b"] && status["CapPrm"] == ["000000000000001b"] && status["CapInh"] == ["0000000000000000"]
        )
        #expect(status["NoNewPrivs"] == ["1"] && status["Seccomp"] == ["2"])
        #expect(status["NSpid"]?.count == 2 && status["NSpid"]?.last == "1")
        for kind in ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"] {
            #expect(try readLink("/proc/\(reader)/ns/\(kind)") != readLink("/proc/self/ns/\(kind)"), "\(kind)")
        }
        #expect(try Descriptor.open("/proc/\(reader)/root", .directory).names().isEmpty)
        #expect(try Descriptor.open("/proc/\(reader)/fd", .directory).names().allSatisfy { (Int($0) ?? 99) <= 8 })
        let limits = try readTextFile("/proc/\(reader)/limits")
        #expect(limits.contains("Max address space         \(ImportLimits().memoryBytes)"))
        #expect(limits.contains("Max cpu time              \(ImportLimits().cpuSeconds)"))
        // Its end is the import's end, and nothing stays.
        try ProcessHandle(pid: supervisor).signal(9)
        await #expect(throws: ImageError.self) { try await importing.value }
        #expect(try place.isEmpty)
        for _ in 0..<500 where (try? ProcessHandle(pid: reader))?.isAlive == true { try await Task.sleep(for: .milliseconds(10)) }
        #expect((try? ProcessHandle(pid: reader))?.isAlive != true)
    }

    /// The helper that is a child of ours, and its child.
    private func findHelper() async throws -> (supervisor: Int32, reader: Int32) {
        let own = Int32(ProcessInfo.processInfo.processIdentifier)
        for _ in 0..<1000 {
            for supervisor in children(of: own) where name(of: supervisor) == "berth-helper" {
                if let reader = children(of: supervisor).first, (try? Descriptor.open("/proc/\(supervisor)/fd/4", .path)) == nil {
                    return (supervisor, reader)
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw SystemError("find helper", errno: 0, detail: "there is none")
    }

    private func waitForFilter(_ pid: Int32) async throws {
        for _ in 0..<1000 {
            if try fields(pid)["Seccomp"] == ["2"] { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func children(of parent: Int32) -> [Int32] {
        let numbers = ((try? Descriptor.open("/proc", .directory).names()) ?? []).compactMap { Int32($0) }
        return numbers.filter { (try? fields($0))?["PPid"] == [String(parent)] }
    }

    private func name(of pid: Int32) -> String { (try? fields(pid))?["Name"]?.first ?? "" }

    private func fields(_ pid: Int32) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for line in try readTextFile("/proc/\(pid)/status").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = parts[1].split(whereSeparator: \.isWhitespace).map(String.init) }
        }
        return found
    }
}
