internal import FoundationEssentials
internal import LinuxSys

/// The image root on disk; everything is reached through these descriptors.
///
///     root/            0700, real root's: nobody else lists or enters (CVE-2021-41091)
///       lock           held while a daemon uses the store
///       store.json     version and base of the ids
///       layers/0-<digest>/            one unpacked layer; ids are base + n
///       images/0-<digest>             one image in JSON: config and layers
///       names.json                    names and the images they stand for
///       leases/12.3#2                 a link whose text is an image's key; elsewhere if so set
///       staging/<random>/             imports and removals under way; swept at start
struct StoreFiles: Sendable {
    let root: Descriptor
    let lock: Descriptor
    let layers: Descriptor
    let images: Descriptor
    let leases: Descriptor
    let staging: Descriptor

    init(path: String, leases leasePath: String? = nil) throws(ImageError) {
        do throws(SystemError) {
            root = try makePrivateDirectory(path, mode: 0o700)
            lock = try takeLock(in: root, path)
            layers = try root.makeAndOpenDirectory("layers", mode: 0o700)
            images = try root.makeAndOpenDirectory("images", mode: 0o700)
            if let leasePath {
                leases = try makePrivateDirectory(leasePath, mode: 0o700)
            } else {
                leases = try root.makeAndOpenDirectory("leases", mode: 0o700)
            }
            staging = try root.makeAndOpenDirectory("staging", mode: 0o700)
        } catch { throw ImageError(error) }
    }

    /// A fresh name of the staging directory.
    static func randomName() -> String { String(UInt64.random(in: 1 ... .max), radix: 36) }
}

/// Makes a directory of the host unless it is there, and gives it the mode.
func makePrivateDirectory(_ path: String, mode: UInt32) throws(SystemError) -> Descriptor {
    do throws(SystemError) { try Descriptor.workingDirectory.makeDirectory(path, mode: mode) } catch {
        if !error.alreadyExists { throw error }
    }
    let directory = try Descriptor.open(path, [.directory, .noFollow])
    try directory.changeMode(mode)
    return directory
}

/// Holds the directory for this daemon. A process that a killed daemon was just starting has its lock until it executes, so that is waited out.
func takeLock(in directory: Descriptor, _ path: String) throws(SystemError) -> Descriptor {
    let lock = try directory.open(at: "lock", [.readWrite, .create, .noFollow])
    for _ in 0..<200 {
        if try lock.lock() { return lock }
        sleepBlocking(nanoseconds: 10_000_000)
    }
    throw SystemError("lock", path, errno: 0, detail: "another daemon uses it")
}

/// Small JSON files that are replaced whole.
enum SmallFile {
    /// After a crash the old or the new one is there, never a part.
    static func write(_ value: some Encodable, as name: String, in directory: Descriptor) throws(ImageError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(value) else { throw ImageError.host("encode \(name): internal error") }
        try onHost { () throws(SystemError) in
            let temporary = ".\(name).new"
            let file = try directory.open(at: temporary, [.writeOnly, .create, .truncate, .noFollow], mode: 0o600)
            try file.write(Array(data))
            try file.synchronize()
            try directory.rename(temporary, to: name)
            try directory.synchronize()
        }
    }

    /// Nil when there is no such file; one that cannot be decoded is named and left as it is.
    static func read<T: Decodable>(_ type: T.Type, _ name: String, in directory: Descriptor) throws(ImageError) -> T? {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try directory.open(at: name, [.readOnly, .noFollow]).readAll(limit: 64 << 20) } catch {
            if error.isNotFound { return nil }
            throw ImageError(error)
        }
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw ImageError.host("read \(directory.displayPath)/\(name): not what was written there; restore it or move it away")
        }
    }
}
