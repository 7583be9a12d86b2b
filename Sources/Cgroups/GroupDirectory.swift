import LinuxSys

/// One directory of a cgroup file system and its control files.
struct GroupDirectory: Sendable {
    let descriptor: Descriptor
    /// For messages.
    let path: String
    let version: CgroupVersion

    init(path: String, version: CgroupVersion) throws(CgroupError) {
        self.path = path
        self.version = version
        do throws(SystemError) { descriptor = try Descriptor.open(path, .directory) } catch {
            throw CgroupError("open", path, cause: error)
        }
    }

    private init(descriptor: Descriptor, path: String, version: CgroupVersion) {
        self.descriptor = descriptor
        self.path = path
        self.version = version
    }

    /// Makes a group below; EEXIST is an error unless `reuse`.
    func make(_ name: String, reuse: Bool = false) throws(CgroupError) -> GroupDirectory {
        do throws(SystemError) { try descriptor.makeDirectory(name) } catch {
            if !(reuse && error.alreadyExists) { throw CgroupError("make group", "\(path)/\(name)", cause: error) }
        }
        guard let made = try child(name) else { throw CgroupError("open", "\(path)/\(name)", found: "it is gone") }
        return made
    }

    /// Opens a group below; nil if there is none.
    func child(_ name: String) throws(CgroupError) -> GroupDirectory? {
        do throws(SystemError) {
            let opened = try descriptor.open(at: name, [.directory, .noFollow])
            return GroupDirectory(descriptor: opened, path: "\(path)/\(name)", version: version)
        } catch {
            if error.isNotFound { return nil }
            throw CgroupError("open", "\(path)/\(name)", cause: error)
        }
    }

    /// The names of the groups below.
    func children() throws(CgroupError) -> [String] {
        do throws(SystemError) {
            return try descriptor.open(at: ".", .directory).entries().filter { $0.kind == .directory }.map(\.name).sorted()
        } catch {
            if error.isNotFound { return [] }
            throw CgroupError("list groups", path, cause: error)
        }
    }

    func open(_ file: String, _ flags: OpenFlags) throws(CgroupError) -> Descriptor {
        do throws(SystemError) { return try descriptor.open(at: file, flags) } catch {
            throw CgroupError("open \(file)", path, cause: error)
        }
    }

    func has(_ file: String) -> Bool { (try? descriptor.contains(file)) ?? false }

    func read(_ file: String) throws(CgroupError) -> String {
        do throws(SystemError) {
            let bytes = try descriptor.open(at: file).readAll()
            let end = bytes.lastIndex { $0 > UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
            return String(decoding: bytes[..<end], as: UTF8.self)
        } catch { throw CgroupError("read \(file)", path, cause: error) }
    }

    /// The file's text, or nil if it does not exist or cannot be read now (as for a controller that is off).
    func readIfPresent(_ file: String) -> String? { try? read(file) }

    func readNumber(_ file: String) throws(CgroupError) -> UInt64 {
        let text = try read(file)
        if text == "max" { return .max }
        guard let number = UInt64(text) else { throw CgroupError("read \(file)", path, wanted: "a number", found: text) }
        return number
    }

    /// A file of lines "key number".
    func readTable(_ file: String) throws(CgroupError) -> [String: UInt64] {
        var table: [String: UInt64] = [:]
        for line in try read(file).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = UInt64(parts[1]) { table[String(parts[0])] = value }
        }
        return table
    }

    func write(_ file: String, _ text: String) throws(CgroupError) {
        do throws(SystemError) { try descriptor.open(at: file, [.writeOnly, .truncate]).write(text) } catch {
            throw CgroupError("set \(file)", path, wanted: text, found: readIfPresent(file)?.replacingNewlines ?? "", cause: error)
        }
    }

    /// Writes and reads back; `accepts` judges what is read, equality by default.
    func set(_ file: String, _ wanted: String, accepts: ((String) -> Bool)? = nil) throws(CgroupError) {
        try write(file, wanted)
        try verify(file, wanted, accepts: accepts)
    }

    func verify(_ file: String, _ wanted: String, accepts: ((String) -> Bool)? = nil) throws(CgroupError) {
        let found = try read(file)
        guard accepts?(found) ?? (found == wanted) else {
            throw CgroupError("set \(file)", path, wanted: wanted, found: found.replacingNewlines)
        }
    }
}

extension String {
    var replacingNewlines: String { split(whereSeparator: \.isNewline).joined(separator: "; ") }
}
