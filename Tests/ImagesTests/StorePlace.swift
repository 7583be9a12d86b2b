import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec

/// A temporary state directory with an image store; gone with the object.
final class StorePlace: Sendable {
    let path: String
    let directory: Descriptor

    init() throws {
        path = "/tmp/berth-images-" + UUID().uuidString
        try Descriptor.workingDirectory.makeDirectory(path, mode: 0o755)
        directory = try Descriptor.open(path, .directory)
    }

    deinit {
        // What a failed test left mounted.
        let mounts = ((try? MountTable())?.entries ?? []).map(\.mountPoint).filter { $0.hasPrefix(path + "/") }
        for mount in mounts.reversed() { try? Mount.detach(mount, lazily: true) }
        if let parent = try? Descriptor.open("/tmp", .directory) { _ = try? removeTree(at: parent, String(path.dropFirst(5))) }
    }

    /// The helper that was built beside these tests.
    static var helper: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path + "/berth-helper"
    }

    func settings(limits: ImportLimits = ImportLimits(), helper: String = StorePlace.helper) -> ImageStoreSettings {
        ImageStoreSettings(root: path + "/images", helper: helper, limits: limits, now: { WallTime(milliseconds: 1_000) })
    }

    func open(limits: ImportLimits = ImportLimits(), running: Set<AttemptID> = []) async throws -> ImageStore {
        try await ImageStore.open(settings(limits: limits), running: running)
    }

    func archive(_ bytes: [UInt8]) throws -> Descriptor {
        let file = try directory.open(at: UUID().uuidString, [.readWrite, .create, .exclusive])
        try file.write(bytes)
        return file
    }

    /// Nothing imported, half imported or being removed.
    var isEmpty: Bool {
        get throws {
            for _ in 0..<6_000 {
                // Removal goes on in the background.
                if try ["layers", "images", "leases", "staging"].allSatisfy({ try names($0).isEmpty }) { return true }
                Thread.sleep(forTimeInterval: 0.01)
            }
            return false
        }
    }

    func names(_ folder: String) throws -> [String] { try Descriptor.open(path + "/images/" + folder, .directory).names() }
}

extension StorePlace {
    var scratchSettings: ScratchSettings {
        ScratchSettings(root: path + "/scratch", prepared: 2, minimumImageBytes: .gibibytes(1), forced: .subvolumeQuota)
    }

    /// Attaches a detached root, once; before Linux 6.15 it cannot be cloned.
    func attach(_ root: Descriptor) throws -> String {
        let target = path + "/mnt-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        try Mount.attach(root, toPath: target)
        return target
    }

    /// Runs a shell in a user namespace with the map, as an id of inside; the root is at `/mnt` in its script.
    func inside(map: [IDMapExtent], root target: String, as uid: UInt32 = 0, _ script: String) throws {
        let (held, release) = try Descriptor.pipe()
        let namespace = try UserNamespace.make(uidMap: map, gidMap: map)
        let end = try Spawn(
            path: "/usr/bin/nsenter",
            arguments: [
                "nsenter", "--user=/proc/self/fd/9", "--setuid", "\(uid)", "--setgid", "\(uid)", "--", "/bin/sh", "-ec",
                script.replacing("/mnt", with: target),
            ], environment: ["PATH": "/usr/bin:/bin"], descriptors: [8: held, 9: namespace, 2: Descriptor(borrowing: 2)]
        ).run().wait()
        release.close()
        guard end == .exited(0) else { throw SystemError("run inside", script, errno: 0, detail: "\(String(describing: end))") }
    }
}

extension StorePlace {
    /// The overlay of a job; where the kernel takes no layers by descriptor, from staged parts as the launcher does it.
    func assemble(_ roots: RootFilesystem, _ lease: ImageLease, scratch: ScratchSpace, idMap: Descriptor) throws -> Descriptor {
        if roots.layering == .byDescriptor { return try roots.assemble(lease, scratch: scratch, idMap: idMap) }
        let parts = try roots.stagedParts(lease, scratch: scratch, idMap: idMap)
        let stage = path + "/s" + String(UInt32.random(in: 0 ... .max), radix: 36)
        try FileManager.default.createDirectory(atPath: stage, withIntermediateDirectories: false)
        var mounted: [String] = []
        defer { for path in mounted { try? Mount.detach(path, lazily: true) } }
        for (name, mount) in parts.layers.enumerated().map({ (String($0.offset), $0.element) }) + [("u", parts.scratch)] {
            try FileManager.default.createDirectory(atPath: "\(stage)/\(name)", withIntermediateDirectories: false)
            try Mount.attach(mount, toPath: "\(stage)/\(name)")
            mounted.append("\(stage)/\(name)")
        }
        let builder = OverlayBuilder(
            lower: parts.layers, upper: scratch.upper, work: scratch.work, flags: parts.flags, options: parts.options)
        return try builder.mount(
            stagedLower: parts.layers.indices.map { "\(stage)/\($0)" }, upperPath: stage + "/u/upper", workPath: stage + "/u/work",
            layering: roots.layering, parts.attributes)
    }
}
