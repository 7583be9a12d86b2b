/// A kernel release, as uname(2) gives it.
public struct KernelVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 6 of 6.12.
    public var major: Int
    /// 12 of 6.12.
    public var minor: Int

    /// A version of two numbers.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Parses `6.12.117+deb13-cloud-amd64` or `4.8`; nil without two numbers in front.
    public init?(_ release: String) {
        let parts = release.split(separator: ".", maxSplits: 2).map { $0.prefix { $0.isNumber } }
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major, minor)
    }

    /// `6.12`.
    public var description: String { "\(major).\(minor)" }
    /// By major, then minor.
    public static func < (a: KernelVersion, b: KernelVersion) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    /// The running kernel's version.
    public static let running = (try? readTextFile("/proc/sys/kernel/osrelease")).flatMap { KernelVersion($0) } ?? KernelVersion(0, 0)
}

/// Facts about the machine as a whole.
public struct SystemInfo: Sendable, Hashable {
    /// RAM that the kernel manages, bytes.
    public var totalMemory: UInt64
    /// RAM that can be had without swapping, bytes.
    public var availableMemory: UInt64
    /// Swap in all, bytes.
    public var totalSwap: UInt64
    /// Pages reserved of the default huge size.
    public var hugePages: UInt64
    /// The default huge page size, bytes; 0 without huge pages.
    public var hugePageSize: UInt64

    /// Reads `/proc/meminfo`, or another procfs for tests.
    public init(procRoot: String = "/proc") throws(SystemError) {
        var fields: [Substring: UInt64] = [:]
        for line in try readTextFile(procRoot + "/meminfo").split(whereSeparator: \.isNewline) {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            guard parts.count >= 2, let value = UInt64(parts[1]) else { continue }
            // Everything but the counts of huge pages is in kB, which means 1024 bytes.
            fields[parts[0]] = parts.count > 2 ? value * 1024 : value
        }
        totalMemory = fields["MemTotal"] ?? 0
        availableMemory = fields["MemAvailable"] ?? 0
        totalSwap = fields["SwapTotal"] ?? 0
        hugePages = fields["HugePages_Total"] ?? 0
        hugePageSize = fields["Hugepagesize"] ?? 0
    }

    /// Free and total space of the file system that holds a path.
    public static func space(at path: String) throws(SystemError) -> FileSystemStatus {
        try Descriptor.open(path, .path).fileSystemStatus()
    }
}
