public import LinuxSys

/// A directory of its own for a test; removed with `remove()`, following no link.
public struct TemporaryDirectory: Sendable, CustomStringConvertible {
    /// Its absolute path.
    public let path: String
    public var description: String { path }

    /// Makes `PARENT/berth-NAME-xxxxxxxx` with the mode given.
    public init(_ name: String = "test", in parent: String = "/tmp", mode: UInt32 = 0o755) throws(SystemError) {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        path = "\(parent)/berth-\(name)-\(digits)"
        try Descriptor.workingDirectory.makeDirectory(path, mode: 0o700)
        // Set afterwards, because of the umask.
        try Descriptor.open(path, [.readOnly, .directory]).changeMode(mode)
    }

    /// The path of an entry in it.
    public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives it an owner.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: UInt32 = 0o644, owner: TestUser? = nil) throws(SystemError) -> String {
        let file = try Descriptor.open(callAsFunction(name), [.writeOnly, .create, .truncate], mode: mode)
        try file.write(text)
        try file.changeMode(mode)
        if let owner { try file.changeOwner(uid: owner.uid, gid: owner.gid) }
        return callAsFunction(name)
    }

    /// Makes a directory in it.
    @discardableResult
    public func directory(_ name: String, mode: UInt32 = 0o755, owner: TestUser? = nil) throws(SystemError) -> String {
        let made = try Descriptor.open(path, [.path, .directory]).makeAndOpenDirectory(name, mode: mode)
        try made.changeMode(mode)
        if let owner { try made.changeOwner(uid: owner.uid, gid: owner.gid) }
        return callAsFunction(name)
    }

    /// Removes it with all its contents.
    public func remove() {
        guard let slash = path.lastIndex(of: "/"), let parent = try? Descriptor.open(String(path[..<slash]), [.readOnly, .directory]) else { return }
        _ = try? removeTree(at: parent, String(path[path.index(after: slash)...]))
    }
}
