import Glibc

/// A user of the machine (passwd(5)). Every lookup may ask a directory service: it blocks, for seconds at worst.
public struct UserAccount: Sendable, Hashable {
    /// The login name.
    public var name: String
    /// The user's id.
    public var uid: UInt32
    /// The primary group.
    public var gid: UInt32
    /// Full name and the like.
    public var comment: String
    /// The home directory.
    public var home: String
    /// The login shell.
    public var shell: String

    /// Looks a user up by id; nil if there is none.
    public init?(uid: UInt32) throws(SystemError) {
        let found = try lookUp("user \(uid)") { getpwuid_r(uid, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    /// Looks a user up by name; nil if there is none.
    public init?(name: String) throws(SystemError) {
        let found = try lookUp("user \(name)") { getpwnam_r(name, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    fileprivate init(_ entry: passwd) {
        name = String(cString: entry.pw_name)
        uid = entry.pw_uid
        gid = entry.pw_gid
        comment = entry.pw_gecos.map { String(cString: $0) } ?? ""
        home = entry.pw_dir.map { String(cString: $0) } ?? "/"
        shell = entry.pw_shell.map { String(cString: $0) } ?? ""
    }

    /// All groups of the user, the primary one included (getgrouplist(3)); sorted.
    public func groups() throws(SystemError) -> [UInt32] {
        var capacity: Int32 = 64
        while true {
            var found = [gid_t](repeating: 0, count: Int(capacity))
            var count = capacity
            if getgrouplist(name, gid, &found, &count) >= 0 { return Array(Set(found[..<Int(count)])).sorted() }
            // NGROUPS_MAX is 65,536.
            guard count > capacity, count <= 65_537 else { throw SystemError("look up groups of", name, errno: ERANGE) }
            capacity = count
        }
    }
}

/// A group of the machine (group(5)); lookups block.
public struct GroupAccount: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The id.
    public var gid: UInt32
    /// Members named in the group's entry; users whose primary group it is are not.
    public var members: [String]

    /// Looks a group up by id; nil if there is none.
    public init?(gid: UInt32) throws(SystemError) {
        let found = try lookUpGroup("group \(gid)") { getgrgid_r(gid, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    /// Looks a group up by name; nil if there is none.
    public init?(name: String) throws(SystemError) {
        let found = try lookUpGroup("group \(name)") { getgrnam_r(name, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    fileprivate init(_ entry: group) {
        name = String(cString: entry.gr_name)
        gid = entry.gr_gid
        members = []
        var next = entry.gr_mem
        while let pointer = next, let member = pointer.pointee {
            members.append(String(cString: member))
            next = pointer + 1
        }
    }
}

private typealias Lookup<Entry> = (
    UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
) -> Int32

private func lookUp(_ subject: String, _ call: Lookup<passwd>) throws(SystemError) -> UserAccount? {
    try lookUp(subject, passwd(), UserAccount.init, call)
}

private func lookUpGroup(_ subject: String, _ call: Lookup<group>) throws(SystemError) -> GroupAccount? {
    try lookUp(subject, group(), GroupAccount.init, call)
}

private func lookUp<Entry, Account>(
    _ subject: String, _ empty: Entry, _ make: (Entry) -> Account, _ call: Lookup<Entry>
) throws(SystemError) -> Account? {
    var size = 4096
    while true {
        var entry = empty
        var found: UnsafeMutablePointer<Entry>?
        var buffer = [CChar](repeating: 0, count: size)
        let (number, account): (Int32, Account?) = buffer.withUnsafeMutableBufferPointer { room in
            guard let base = room.baseAddress else { return (EINVAL, nil) }
            let number = call(&entry, base, room.count, &found)
            return (number, number == 0 && found != nil ? make(entry) : nil)
        }
        // A service that answers ENOENT or ESRCH means "none" (getpwnam(3)).
        if number == 0 || number == ENOENT || number == ESRCH { return account }
        guard number == ERANGE, size < 16 << 20 else { throw SystemError("look up", subject, errno: number) }
        size *= 4
    }
}
