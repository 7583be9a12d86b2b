/// Where a field of a job was written: file, line and its name as its writer knows it.
public struct FieldPlace: Hashable, Sendable, CustomStringConvertible {
    /// Nil for flags.
    public var file: String?
    public var line: Int?
    /// `memory`, or `--memory` for flags.
    public var label: String

    init(file: String? = nil, line: Int? = nil, label: String) {
        self.file = file
        self.line = line
        self.label = label
    }

    /// `job.yaml:3: memory`, or `--memory`.
    public var description: String { (file.map { "\($0):" + (line.map { "\($0):" } ?? "") + " " } ?? "") + label }

    /// The place of a path of the model, or of the nearest part of it that was written; nil where nothing was.
    static func written(_ path: String, in places: [String: FieldPlace]) -> FieldPlace? {
        var prefix = path[...]
        while true {
            if var place = places[String(prefix)] {
                place.label += renamed(path.dropFirst(prefix.count))
                return place
            }
            guard let cut = prefix.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            prefix = prefix[..<cut]
        }
        return nil
    }

    /// The name of the field that a path of the model belongs to.
    static func name(of path: String) -> String? { JobField.all.first { $0.paths.contains(path) }?.name }

    private static func renamed(_ path: Substring) -> String {
        let names = [
            ".readBytesPerSecond": ".read", ".writeBytesPerSecond": ".write", ".readOperationsPerSecond": ".read_ops",
            ".writeOperationsPerSecond": ".write_ops", ".readOnly": ".read_only",
        ]
        for (model, written) in names where path.hasSuffix(model) { return path.dropLast(model.count) + written }
        return String(path)
    }
}
