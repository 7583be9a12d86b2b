internal import CLinuxSys
import Glibc

/// A file system being configured before it is mounted (fsopen(2), fsconfig(2), fsmount(2)).
public struct FileSystemContext: Sendable {
    private let context: Descriptor
    private let type: String

    /// Starts a new superblock of the type: `overlay`, `tmpfs`, `ext4`.
    public init(type: String) throws(SystemError) {
        self.type = type
        context = Descriptor(adopting: Int32(try check(berth_sys_fsopen(type, 1), "fsopen", type)))
    }

    /// Sets an option with a value of at most 255 bytes.
    public func set(_ key: String, _ value: String) throws(SystemError) {
        let result = value.withCString { berth_sys_fsconfig(context.rawValue, UInt32(BERTH_FSCONFIG_SET_STRING), key, $0, 0) }
        try explain(result, "set \(key)=\(value) of")
    }

    /// Sets an option to an open file.
    public func set(_ key: String, _ file: Descriptor) throws(SystemError) {
        let result = berth_sys_fsconfig(context.rawValue, UInt32(BERTH_FSCONFIG_SET_FD), key, nil, file.rawValue)
        try explain(result, "set \(key) of")
    }

    /// Sets an option that has no value.
    public func set(_ key: String) throws(SystemError) {
        try explain(berth_sys_fsconfig(context.rawValue, UInt32(BERTH_FSCONFIG_SET_FLAG), key, nil, 0), "set \(key) of")
    }

    /// Makes the superblock.
    public func create() throws(SystemError) {
        try explain(berth_sys_fsconfig(context.rawValue, UInt32(BERTH_FSCONFIG_CMD_CREATE), nil, nil, 0), "create")
    }

    /// A detached mount of the superblock; it ends when the descriptor closes unless it was attached.
    public func mount(_ attributes: MountAttributes = []) throws(SystemError) -> Descriptor {
        let result = berth_sys_fsmount(context.rawValue, 1, UInt32(attributes.rawValue))
        try explain(result, "mount")
        return Descriptor(adopting: Int32(result))
    }

    /// Adds what the kernel logged for this context to the error: its reason is finer than errno.
    private func explain(_ result: Int, _ operation: String) throws(SystemError) {
        if result >= 0 { return }
        var lines: [String] = []
        while let line = try? context.read(upTo: 1024), !line.isEmpty, lines.count < 8 {
            lines.append(String(decoding: line, as: UTF8.self).filter { !$0.isNewline })
        }
        throw SystemError(operation, type, errno: Int32(-result), detail: lines.joined(separator: "; "))
    }
}
