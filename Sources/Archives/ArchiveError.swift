internal import LinuxSys

/// An archive that is refused: which entry, and why. One line.
public struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The entry's name as it stands in the archive; nil when the archive as a whole is meant.
    public let entry: String?
    /// What was found and what is accepted.
    public let reason: String

    /// A refusal of an entry, or of the whole.
    public init(entry: String? = nil, _ reason: String) {
        self.entry = entry
        self.reason = reason
    }

    /// A system call that failed while the entry was written.
    init(entry: String?, _ error: SystemError) { self.init(entry: entry, error.description) }

    public var description: String {
        guard let entry else { return "archive: \(reason)" }
        return "archive entry \(Self.quoted(entry)): \(reason)"
    }

    /// The same refusal, told of the layer in which it was met.
    func inLayer(_ name: String) -> ArchiveError {
        ArchiveError(entry: entry, "\(reason) (in layer \(Self.quoted(name)))")
    }

    /// Control bytes would act on the terminal that shows the line.
    public static func quoted(_ name: String) -> String {
        var out = ""
        for scalar in name.unicodeScalars.prefix(256) {
            let hidden = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
            out += hidden ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return "\"\(out)\(name.unicodeScalars.count > 256 ? "…" : "")\""
    }
}
