import LinuxSys

/// A real user of this machine, made for tests and kept for the next ones.
public struct TestUser: Sendable, Hashable {
    public let name: String
    public let uid: UInt32
    public let gid: UInt32

    /// Two ordinary users, one of the operators' group, and one of the network's.
    public static let first = TestUser("berth-t1")
    public static let second = TestUser("berth-t2")
    public static let operator_ = TestUser("berth-op", groups: [operatorsGroup])
    public static let networked = TestUser("berth-t4", groups: [networkGroup])
    public static let operatorsGroup = "berth-operators"
    /// A group that the test configuration lets use the machine's network.
    public static let networkGroup = "berth-net"

    /// Finds the user or makes it, without a home directory.
    public init(_ name: String, groups: [String] = []) {
        self.name = name
        for group in groups where (try? GroupAccount(name: group)) == .some(nil) { _ = try? Command(["groupadd", "--system", group]).run() }
        if (try? UserAccount(name: name)) == .some(nil) {
            let extra = groups.isEmpty ? [] : ["--groups", groups.joined(separator: ",")]
            _ = try? Command(["useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh"] + extra + [name]).run()
        }
        let account = (try? UserAccount(name: name)) ?? nil
        uid = account?.uid ?? UInt32.max
        gid = account?.gid ?? UInt32.max
    }

    /// Removes the account; only for users of one test.
    public func remove() { _ = try? Command(["userdel", name]).run() }
}
