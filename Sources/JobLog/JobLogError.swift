/// Why a log, record or stamp could not be read or written.
public enum JobLogError: Error, Equatable, Sendable {
    /// A system call's error number.
    case system(errno: Int32)
    /// Not the format's magic number or checksum: torn or forged.
    case invalid
    /// Whole, but of a format that this code does not know: another version of Berth wrote it.
    case unknownFormat(found: UInt16, latest: UInt16)
}
