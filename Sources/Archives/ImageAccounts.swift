internal import LinuxSys
internal import OCISpec

/// The image's own passwd(5) and group(5), as its layers together show them. They are the image maker's text, so they are read where the
/// archive is: the daemon gets numbers.
struct ImageAccounts {
    /// Lowest first, with what each hides.
    let layers: [(root: Descriptor, opaque: Set<String>)]

    /// More than any sane image has.
    private static let sizeLimit = 1 << 20

    /// The same user in numbers; what the image does not know stays a name, and is refused when a job wants it.
    func resolved(_ user: ImageUser) -> ImageUser {
        var result = user
        let accounts = rows("passwd")
        switch user.user {
        case .name(let name):
            guard let row = accounts.first(where: { $0.count > 3 && $0[0] == name }), let uid = Self.number(row[2]) else { break }
            result.user = .number(uid)
            if user.group == nil, let gid = Self.number(row[3]) { result.group = .number(gid) }
        case .number(let uid):
            guard user.group == nil, let row = accounts.first(where: { $0.count > 3 && Self.number($0[2]) == uid }) else { break }
            if let gid = Self.number(row[3]) { result.group = .number(gid) }
        }
        if case .name(let name) = user.group, let row = rows("group").first(where: { $0.count > 2 && $0[0] == name }),
            let gid = Self.number(row[2])
        {
            result.group = .number(gid)
        }
        return result
    }

    private func rows(_ name: String) -> [[Substring]] {
        (text(name) ?? "").split(whereSeparator: \.isNewline).map { $0.split(separator: ":", omittingEmptySubsequences: false) }
    }

    /// The topmost layer that has the file decides, unless one above hides it.
    private func text(_ name: String) -> String? {
        for (root, opaque) in layers.reversed() {
            if let found = try? root.status(at: "etc"), found.kind != .directory { return nil }
            if let file = try? root.open(at: "etc", [.path, .directory, .noFollow]), let found = try? file.status(at: name) {
                guard found.kind == .regular, let open = try? file.open(at: name, [.readOnly, .noFollow, .nonBlocking]),
                    let bytes = try? open.readAll(limit: Self.sizeLimit)
                else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            }
            if opaque.contains("etc") || opaque.contains("") { return nil }
        }
        return nil
    }

    private static func number(_ text: Substring) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(text) else { return nil }
        return number <= ImageUser.highestNumber ? number : nil
    }
}
