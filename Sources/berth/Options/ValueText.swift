import JobModel

/// Single values from the command line, refused with what is accepted.
enum ValueText {
    static func span(_ text: String, _ flag: String) throws -> TimeSpan {
        guard let span = TimeSpan(text: text) else { throw CommandFailure.usage("\(flag): found '\(text)', accepted is \(TimeSpan.accepted)") }
        return span
    }

    static func bytes(_ text: String, _ flag: String) throws -> Bytes {
        guard let bytes = Bytes(text: text) else { throw CommandFailure.usage("\(flag): found '\(text)', accepted is \(Bytes.accepted)") }
        return bytes
    }

    /// A size for reading: below 1K it is bytes, which then have a unit too.
    static func size(_ bytes: Bytes) -> String { bytes.count < 1024 ? "\(bytes.count) B" : "\(bytes)" }

    /// `1 job`, `2 jobs`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    static func signal(_ text: String) throws -> String {
        guard let number = SignalName.number(text) else { throw CommandFailure.usage("signal: found '\(text)', accepted is \(SignalName.accepted)") }
        return SignalName.text(number)
    }
}
