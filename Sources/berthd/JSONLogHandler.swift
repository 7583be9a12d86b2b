import FoundationEssentials
import LinuxSys
import Logging

/// Writes one JSON object a line to standard error: `time`, `level`, `message`, and each piece of metadata under its name.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = Self.line(
            level: event.level, message: "\(event.message)", metadata: metadata.merging(event.metadata ?? [:]) { _, later in later }, at: Date())
        try? Descriptor(borrowing: 2).write(line)
    }

    static func line(level: Logger.Level, message: String, metadata: Logger.Metadata, at time: Date) -> String {
        var fields = metadata.mapValues { "\($0)" }
        // Nothing that is logged may take the place of these.
        fields["time"] = time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        fields["level"] = level.rawValue
        fields["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(fields) else { return "" }
        return String(decoding: body, as: UTF8.self) + "\n"
    }
}
