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
            return Self.text(try descriptor.open(at: file).readAll())
        } catch { throw CgroupError("read \(file)", path, cause: error) }
    }

    /// Without the line's end.
    private static func text(_ bytes: [UInt8]) -> String {
        let end = bytes.lastIndex { $0 > UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// The file's text, or nil if it does not exist or cannot be read now (as for a controller that is off).
    func readIfPresent(_ file: String) -> String? { try? read(file) }

    /// What one read(2) gives of a file whose text the kernel makes in one go, as those of numbers; not of lists of processes.
    private func readOnce(_ file: String) throws(CgroupError) -> [UInt8] {
        do throws(SystemError) {
            let opened = try descriptor.open(at: file)
            let bytes = try opened.read(upTo: Self.mostOfOnce)
            return bytes.count < Self.mostOfOnce ? bytes : bytes + (try opened.readAll())
        } catch { throw CgroupError("read \(file)", path, cause: error) }
    }

    private static let mostOfOnce = 8192

    func readNumber(_ file: String) throws(CgroupError) -> UInt64 {
        let text = Self.text(try readOnce(file))
        if text == "max" { return .max }
        guard let number = UInt64(text) else { throw CgroupError("read \(file)", path, wanted: "a number", found: text.replacingNewlines) }
        return number
    }

    /// A file of lines "key number".
    func readTable(_ file: String) throws(CgroupError) -> KeyedNumbers { KeyedNumbers(try readOnce(file)) }

    func write(_ file: String, _ text: String) throws(CgroupError) {
        do throws(SystemError) { try descriptor.open(at: file, [.writeOnly, .truncate]).write(text) } catch { throw refusal(file, text, error) }
    }

    private func refusal(_ file: String, _ wanted: String, _ error: SystemError) -> CgroupError {
        CgroupError("set \(file)", path, wanted: wanted, found: readIfPresent(file)?.replacingNewlines ?? "", cause: error)
    }

    /// Writes and reads back; `accepts` judges what is read, equality by default.
    func set(_ file: String, _ wanted: String, accepts: ((String) -> Bool)? = nil) throws(CgroupError) {
        let found: String
        do throws(SystemError) {
            let opened = try descriptor.open(at: file, [.readWrite, .truncate])
            try opened.write(wanted)
            found = Self.text(try opened.read(upTo: Self.mostOfOnce, at: 0))
        } catch { throw refusal(file, wanted, error) }
        try judge(file, wanted, found, accepts)
    }

    private func judge(_ file: String, _ wanted: String, _ found: String, _ accepts: ((String) -> Bool)?) throws(CgroupError) {
        guard accepts?(found) ?? (found == wanted) else {
            throw CgroupError("set \(file)", path, wanted: wanted, found: found.replacingNewlines)
        }
    }

    func verify(_ file: String, _ wanted: String, accepts: ((String) -> Bool)? = nil) throws(CgroupError) {
        try judge(file, wanted, try read(file), accepts)
    }
}

extension String {
    /// On one line, and not a long one: what a file held.
    var replacingNewlines: String {
        let line = split(whereSeparator: \.isNewline).joined(separator: "; ").unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }
        return line.count > 1000 ? String(String.UnicodeScalarView(line.prefix(1000))) + "…" : String(String.UnicodeScalarView(line))
    }
}

extension UInt64 {
    /// No number of the kernel's may end the daemon: the sum, or the largest that there is.
    func saturated(adding other: UInt64) -> UInt64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}
