internal import LinuxSys

/// Why an image or scratch could not be made, found or removed. One line.
public enum ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The archive is refused; the line names the entry.
    case refused(String)
    /// The request cannot be met: what was found and what is accepted.
    case invalid(String)
    /// There is no image of that name.
    case notFound(String)
    /// Running attempts use the image.
    case inUse(String)
    /// The host failed: what was tried, on what, and what the kernel said.
    case host(String)

    init(_ error: SystemError) { self = .host(error.description) }

    public var description: String {
        switch self {
        case .refused(let line), .invalid(let line), .notFound(let line), .inUse(let line), .host(let line): line
        }
    }
}

/// Runs system calls and turns their errors into `ImageError`.
func onHost<T>(_ body: () throws(SystemError) -> T) throws(ImageError) -> T {
    do throws(SystemError) { return try body() } catch { throw ImageError(error) }
}
