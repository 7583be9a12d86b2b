/// Why a log, record or stamp could not be read or written.
public enum JobLogError: Error, Equatable, Sendable {
    /// A system call's error number.
    case system(errno: Int32)
    /// Not the format's magic number, version or checksum: torn, forged or of another version.
    case invalid
}
