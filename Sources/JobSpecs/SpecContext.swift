public import JobModel

/// What of the submitter's surroundings a spec may refer to.
public struct SpecContext: Sendable {
    /// Absolute: where the submit happens. Relative paths start here.
    public var directory: String
    /// What `export` takes from.
    public var environment: [String: String]
    /// For `begin: now+1h` and `begin: 18:00`.
    public var now: WallTime
    /// Seconds east of UTC at that moment, for times without a zone.
    public var secondsFromUTC: @Sendable (WallTime) -> Int

    /// Without an offset, times without a zone are those of the machine's time zone.
    public init(
        directory: String, environment: [String: String] = [:], now: WallTime,
        secondsFromUTC: @escaping @Sendable (WallTime) -> Int = { _ in 0 }
    ) {
        self.directory = directory
        self.environment = environment
        self.now = now
        self.secondsFromUTC = secondsFromUTC
    }
}

/// The text that jobs are read from.
public enum SpecSource: Hashable, Sendable {
    /// Flags only.
    case none
    case yaml(text: String, file: String)
    /// With `#BERTH` directives or without; the script is stored as it is.
    case script(text: String, file: String)
}
