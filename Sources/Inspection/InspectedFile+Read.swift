import API
import LinuxSys

extension InspectedFile {
    /// One open file by its number. Nothing is asked of the file itself, whose file system may not answer: kind and path are the kernel's words.
    init?(_ process: HeldProcess, _ number: Int32, sockets: SocketTable) {
        guard let path = process.link("fd/\(number)") else { return nil }
        self.init(number: number, kind: Self.kind(of: path), path: path)
        if kind == .socket, let inode = UInt64(path.dropFirst("socket:[".count).dropLast()) {
            socket = sockets.sockets[inode]
        }
        // What some kinds add below, such as all that an epoll watches, is not wanted.
        guard let bytes = try? process.directory.open(at: "fdinfo/\(number)").read(upTo: 512) else { return }
        let fields = ProcText.fields(String(decoding: bytes, as: UTF8.self))
        position = fields["pos"].flatMap { UInt64($0) }
        flags = fields["flags"].flatMap { UInt32($0, radix: 8) }
    }

    /// A path is absolute; everything else is the kernel's own.
    static func kind(of path: String) -> Kind {
        if path.hasPrefix("/") { return .file }
        if path.hasPrefix("pipe:[") { return .pipe }
        return path.hasPrefix("socket:[") ? .socket : .anonymous
    }
}
