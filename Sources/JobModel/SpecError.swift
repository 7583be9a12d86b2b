/// A field of a job spec that was refused: one line that names what, what was found and what is accepted.
public struct SpecError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// Such as `resources.memory` or `mounts[2].target`.
    public var field: String
    public var found: String
    public var accepted: String
    public init(field: String, found: String, accepted: String) {
        self.field = field
        self.found = found
        self.accepted = accepted
    }
    public var description: String { "\(field): found \(found), accepted \(accepted)" }
}
