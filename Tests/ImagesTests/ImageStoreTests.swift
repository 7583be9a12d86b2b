import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

@Suite("Image store", .enabled(if: isRoot, "needs root"))
struct ImageStoreTests {
    static let layers = [
        TarBuilder.make {
            $0.directory("etc")
            $0.file("etc/motd", "one", uid: 33)
        },
        TarBuilder.make { $0.file("two", "2") },
    ]
    let attempt = AttemptID(TaskID(JobID(7), 3), 1)

    /// A report of a helper that is no longer ours.
    static let lie = #"""
        {"version":1,"image":{"format":"root","id":"sha256:\#(String(repeating: "0", count: 64))","layers":[{"diffID":"sha256:\#(String(repeating: "0", count: 64))",\#
        "bytes":0,"entries":1,"opaqueDirectories":[]}],"config":{"entrypoint":[],"command":[],"environment":[],"workingDirectory":"/proc/self/fd/7",\#
        "labels":{},"exposedPorts":[],"architecture":"\#(DockerArchiveBuilder.machine)"}}}
        """#

    func name(_ text: String) throws -> ImageReference { try #require(ImageReference(text)) }

    @Test func importedImageIsListedLeasedAndRemoved() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        let named = try await store.importArchive(
            try place.archive(DockerArchiveBuilder.archive(layers: Self.layers)), as: try name("tools:1"), owner: .operators)
        #expect(named.image.layers.map(\.key.diffID) == Self.layers.map { DockerArchiveBuilder.digest($0) })
        #expect(await store.list() == [named])
        let lease = try await store.lease(named.name, for: attempt)
        #expect(lease.layers.map(\.key.diffID) == Self.layers.reversed().map { DockerArchiveBuilder.digest($0) })
        let file = try lease.layers[1].directory.status(at: "etc/motd")
        #expect(file.uid == ImageStoreSettings.defaultBase + 33 && file.gid == ImageStoreSettings.defaultBase)
        #expect(try place.names("leases") == ["7.3#1"])
        await #expect(throws: ImageError.self) { try await store.remove(named.name, owner: .operators) }
        #expect(await store.list().count == 1)
        try await store.release(attempt)
        try await store.release(attempt)
        try await store.remove(named.name, owner: .operators)
        #expect(await store.list().isEmpty)
        #expect(try place.isEmpty)
    }

    @Test func storeAndLeasesOutliveTheDaemon() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        let named = try await store.importArchive(
            try place.archive(DockerArchiveBuilder.archive(layers: Self.layers)), as: try name("tools:1"), owner: .operators)
        let other = AttemptID(TaskID(JobID(8)), 1)
        for attempt in [attempt, other] { _ = try await store.lease(try name("tools:1"), for: attempt) }
        await #expect(throws: ImageError.self, "two daemons on one store") { try await place.open() }
        try await store.close()
        let again = try await place.open(running: [attempt])
        #expect(await again.list().map(\.image) == [named.image])
        #expect(await again.list().map(\.leases) == [1])
        #expect(try await again.lease(heldBy: attempt)?.image == named.image)
        #expect(try await again.lease(heldBy: other) == nil)
        #expect(try place.names("leases") == [attempt.description])
    }

    @Test func layersAreSharedAndGoWithTheirLastImage() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        let base = try await store.importArchive(
            try place.archive(DockerArchiveBuilder.archive(layers: [Self.layers[0]])), as: try name("base"), owner: .operators)
        _ = try await store.importArchive(
            try place.archive(DockerArchiveBuilder.archive(layers: Self.layers)), as: try name("top"), owner: .operators)
        #expect(try place.names("layers").count == 2)
        try await store.tag(base.name, as: try name("base:old"), owner: .operators)
        try await store.remove(base.name, owner: .operators)
        #expect(await store.list().map(\.name.description) == ["base:old", "top:latest"])
        // A name that moves on takes its old image along.
        _ = try await store.importArchive(
            try place.archive(DockerArchiveBuilder.archive(layers: [Self.layers[1]])), as: try name("top"), owner: .operators)
        #expect(try place.names("layers").count == 2)
        try await store.remove(try name("base:old"), owner: .operators)
        #expect(try place.names("layers") == ["0-\(DockerArchiveBuilder.hex(Self.layers[1]))"])
    }

    @Test func usersShareLayersWithTheOperatorsOnly() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        let archive = DockerArchiveBuilder.archive(layers: Self.layers)
        let ada = ImageOwner.user(UserID(1000), name: "ada")
        let bob = ImageOwner.user(UserID(1001), name: "bob")
        _ = try await store.importArchive(try place.archive(archive), as: try name("ada/x"), owner: ada)
        _ = try await store.importArchive(try place.archive(archive), as: try name("bob/x"), owner: bob)
        #expect(try place.names("layers").map { $0.prefix(4) } == ["1000", "1000", "1001", "1001"])
        _ = try await store.importArchive(try place.archive(archive), as: try name("x"), owner: .operators)
        let late = try await store.importArchive(
            try place.archive(archive), as: try name("eve/x"), owner: .user(UserID(1002), name: "eve"))
        #expect(late.image.layers.allSatisfy { $0.key.owner == .root })
        for (wrong, owner) in [("x", ada), ("bob/x", ada), ("ada/x", .operators)] {
            await #expect(throws: ImageError.self, "\(wrong)") {
                try await store.importArchive(try place.archive(archive), as: try name(wrong), owner: owner)
            }
        }
        await #expect(throws: ImageError.self) { try await store.remove(try name("bob/x"), owner: ada) }
        // The login name came to another person.
        await #expect(throws: ImageError.self) {
            try await store.importArchive(try place.archive(archive), as: try name("ada/x"), owner: .user(UserID(1003), name: "ada"))
        }
        // It is not shown the former one's images, and starts nothing from them.
        let (former, latter) = ((user: UserID(1000), login: "ada"), (user: UserID(1003), login: "ada"))
        #expect(try await store.show(try name("x"), for: former).name == name("ada/x"))
        #expect(try await store.show(try name("x"), for: latter).name == name("x"))
        await #expect(throws: ImageError.self) { try await store.show(try name("ada/x"), for: latter) }
        let attempt = AttemptID(TaskID(JobID(1)), 1)
        await #expect(throws: ImageError.self) { try await store.lease(try name("ada/x"), for: attempt, of: latter.user) }
        _ = try await store.lease(try name("ada/x"), for: attempt, of: former.user)
    }

    @Test func refusedArchiveIsNamedAndLeavesNothing() async throws {
        let place = try StorePlace()
        let store = try await place.open(limits: ImportLimits(unpackedBytes: 1 << 20, entries: 100, pathDepth: 16))
        let good = TarBuilder.make { $0.file("good", "x") }
        let hostile: [(String, [UInt8])] = [
            (
                "../evil",
                TarBuilder.make {
                    $0.file("ok")
                    $0.file("../evil")
                }
            ),
            ("dev/null", TarBuilder.make { $0.characterDevice("dev/null") }),
            ("bomb", TarBuilder.make { $0.file("bomb", bytes: [UInt8](repeating: 1, count: 2 << 20)) }),
        ]
        for (entry, layer) in hostile {
            do {
                _ = try await store.importArchive(
                    try place.archive(DockerArchiveBuilder.archive(layers: [good, layer])), as: try name("x"), owner: .operators)
                Issue.record("\(entry) was accepted")
            } catch let error as ImageError {
                guard case .refused(let line) = error else { throw error }
                #expect(line.contains("\"\(entry)\""), "\(line)")
            }
            #expect(try place.isEmpty)
            #expect(await store.list().isEmpty)
        }
    }

    @Test func archiveMayComeThroughAPipe() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        let (reading, writing) = try Descriptor.pipe()
        let bytes = TarBuilder.make { $0.file("big", bytes: [UInt8](repeating: 7, count: 1 << 20)) }
        Thread.detachNewThread {
            try? writing.write(bytes)
            writing.close()
        }
        let named = try await store.importArchive(reading, as: try name("piped"), owner: .operators)
        #expect(named.image.layers.map(\.key.diffID) == [DockerArchiveBuilder.digest(bytes)])
    }

    @Test func helperThatHangsOrLiesIsEnded() async throws {
        let place = try StorePlace()
        for (script, expected) in [
            ("exec sleep 60", "takes longer than"), ("exit 3", "ended without a report (status 3)"),
            (#"echo '{"version":1,"refusal":"no"}' >&5"#, "no"), ("head -c 20000000 /dev/zero >&5", "more than"),
            (#"echo namespaces >&5; read x <&5; echo '{"version":1}' >&5"#, "write uid_map of the helper: EPERM"),
            ("kill -9 $$", "signal 9"),
            (#"echo '\#(Self.lie)' >&5"#, "config.WorkingDir"),
        ] {
            let path = place.path + "/helper"
            try FileManager.default.removeIfPresent(path)
            try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try Descriptor.open(path).changeMode(0o755)
            let store = try await ImageStore.open(
                place.settings(limits: ImportLimits(wallSeconds: script.contains("sleep") ? 1 : 600), helper: path), running: [])
            do {
                _ = try await store.importArchive(try place.archive(TarBuilder.make { $0.file("x") }), as: try name("x"), owner: .operators)
                Issue.record("\(script) was believed")
            } catch { #expect("\(error)".contains(expected), "\(script): \(error)") }
            #expect(try place.isEmpty)
            try await store.close()
        }
    }

    @Test func nobodyElseListsTheStore() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        _ = try await store.importArchive(try place.archive(TarBuilder.make { $0.file("secret") }), as: try name("x"), owner: .operators)
        let layer = place.path + "/images/layers/" + (try place.names("layers")[0])
        for (path, succeeds) in [
            (place.path, true), (place.path + "/images", false), (place.path + "/images/layers", false), (layer, false),
            (layer + "/secret", false),
        ] {
            #expect(try asUser(65_534, ["ls", path]) == succeeds, "\(path)")
            // Nor do the ids of images reach them from outside.
            #expect(try asUser(ImageStoreSettings.defaultBase, ["ls", path]) == succeeds, "\(path)")
        }
    }

    @Test func anotherBaseIsRefused() async throws {
        let place = try StorePlace()
        _ = try await place.open()
        var settings = place.settings()
        settings.base = 100_000
        await #expect(throws: ImageError.self) { try await ImageStore.open(settings, running: []) }
    }

    private func asUser(_ uid: UInt32, _ command: [String]) throws -> Bool {
        let arguments = ["setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", "--"] + command
        return try Spawn(path: "/usr/bin/setpriv", arguments: arguments, environment: ["PATH": "/usr/bin:/bin"]).run().wait() == .exited(0)
    }
}

extension FileManager {
    fileprivate func removeIfPresent(_ path: String) throws {
        if fileExists(atPath: path) { try removeItem(atPath: path) }
    }
}
