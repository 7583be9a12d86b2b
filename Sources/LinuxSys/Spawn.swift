internal import CLinuxSys
import Glibc

/// A program to start with chosen descriptors and environment; everything else of ours stays closed (posix_spawn(3)).
public struct Spawn: Sendable {
    /// The program's path.
    public var path: String
    /// Its arguments, `argv[0]` included.
    public var arguments: [String]
    /// Its whole environment.
    public var environment: [String: String]
    /// Which of our descriptors it gets, by the number it sees; 0 to 2 that are not named are `/dev/null`.
    public var descriptors: [Int32: Descriptor]
    /// Whether it leads a session of its own, so that signals of our terminal do not reach it.
    public var newSession: Bool

    /// Describes a start; nothing runs yet.
    public init(
        path: String, arguments: [String], environment: [String: String] = [:], descriptors: [Int32: Descriptor] = [:],
        newSession: Bool = false
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.descriptors = descriptors
        self.newSession = newSession
    }

    /// Starts it with an empty signal mask and default signal actions. The caller has to `wait` for it.
    public func run() throws(SystemError) -> ProcessHandle {
        var wanted = descriptors
        for number in Int32(0)...2 where wanted[number] == nil { wanted[number] = try Descriptor.open("/dev/null", .readWrite) }
        let highest = wanted.keys.max() ?? 2
        // Copies above all target numbers, so that one dup2 cannot overwrite the source of another.
        var copies: [(Int32, Descriptor)] = []
        for (number, descriptor) in wanted { copies.append((number, try descriptor.duplicate(atLeast: highest + 1))) }
        let gaps = (Int32(0)...highest).filter { wanted[$0] == nil }
        let targets = copies.map(\.0)
        let sources = copies.map(\.1.rawValue)
        let argv = CStringArray(arguments)
        let envp = CStringArray(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var pid: Int32 = 0
        let result = berth_sys_spawn(
            &pid, path, argv.pointers, envp.pointers, sources, targets, Int32(targets.count), gaps, Int32(gaps.count), highest + 1,
            newSession ? 1 : 0)
        withExtendedLifetime((copies, argv, envp)) {}
        if result != 0 { throw SystemError("execute", path, errno: Int32(-result)) }
        return try ProcessHandle(pid: pid)
    }
}

/// A null-terminated array of C strings that lives as long as the object.
private final class CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
