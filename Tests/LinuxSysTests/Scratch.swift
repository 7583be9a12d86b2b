import LinuxSys

/// A directory below /tmp that goes with the object.
final class Scratch: Sendable {
    let path: String
    let directory: Descriptor
    private let parent: Descriptor
    private let name: String

    init() throws {
        name = "berth-sys-\(UInt64.random(in: 0...UInt64.max))"
        path = "/tmp/" + name
        parent = try Descriptor.open("/tmp", .directory)
        try parent.makeDirectory(name, mode: 0o755)
        directory = try Descriptor.open(path, .directory)
    }

    deinit { _ = try? removeTree(at: parent, name) }

    @discardableResult
    func file(_ name: String, _ text: String = "") throws -> Descriptor {
        let file = try directory.open(at: name, [.readWrite, .create], mode: 0o644)
        try file.write(text)
        return file
    }
}

let isRoot = (try? ProcessCapabilities.current().effective.contains(Capability(bit: 21))) ?? false
