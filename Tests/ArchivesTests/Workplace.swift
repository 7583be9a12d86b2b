import Archives
import Foundation
import LinuxSys
import OCISpec
import TestSupport

/// A temporary directory with a place for layers; gone with the object.
final class Workplace {
    let path: String
    let directory: Descriptor
    let layers: Descriptor

    init() throws {
        path = NSTemporaryDirectory() + "berth-archives-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/layers", withIntermediateDirectories: true)
        directory = try Descriptor.open(path, .directory)
        layers = try Descriptor.open(path + "/layers", .directory)
    }

    deinit {
        if let parent = try? Descriptor.open(NSTemporaryDirectory(), .directory) {
            _ = try? removeTree(at: parent, String(path.split(separator: "/").last ?? ""))
        }
    }

    func store(_ bytes: [UInt8]) throws -> Descriptor {
        let file = try directory.open(at: UUID().uuidString, [.readWrite, .create, .exclusive])
        try file.write(bytes)
        return file
    }

    func unpack(
        _ bytes: [UInt8], limits: ImportLimits = ImportLimits(), reference: String? = nil
    ) throws -> UnpackedImage {
        ImageUnpacker.prepare()
        let request = ImportRequest(limits: limits, machine: DockerArchiveBuilder.machine, reference: reference)
        return try ImageUnpacker(archive: try store(bytes), directory: layers, request: request).run()
    }

    /// The refusal's line, or what was accepted instead.
    func refusal(_ bytes: [UInt8], limits: ImportLimits = ImportLimits(), reference: String? = nil) -> String {
        do { return "accepted: \(try unpack(bytes, limits: limits, reference: reference))" } catch { return "\(error)" }
    }

    func text(_ name: String) throws -> String { try layers.open(at: name).readText() }

    /// Runs a tool over a file of bytes and gives its output: to compress.
    func run(_ tool: String, _ arguments: [String], _ bytes: [UInt8]) throws -> [UInt8] {
        let input = try store(bytes)
        try input.seek(to: 0)
        let output = try directory.open(at: UUID().uuidString, [.readWrite, .create, .exclusive])
        let end = try Spawn(
            path: "/usr/bin/\(tool)", arguments: [tool] + arguments, environment: ["PATH": "/usr/bin:/bin"],
            descriptors: [0: input, 1: output]
        ).run().wait()
        guard end == .exited(0) else { throw SystemError(tool, errno: 0, detail: "\(String(describing: end))") }
        try output.seek(to: 0)
        return try output.readAll(limit: 1 << 30)
    }
}
