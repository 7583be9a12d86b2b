/// The version of paths, requests and replies; it stands in every JSON reply as `version`.
public enum APIVersion {
    public static let current = 1
    /// The header in which client and server name their program's version.
    public static let header = "Berth-Version"
}

/// Bounds that the server enforces and the client respects; sizes in bytes.
public enum APILimit {
    /// Jobs in one submit.
    public static let jobsPerSubmit = 10_000
    /// Bytes of a request key.
    public static let requestKey = 128
    /// Selectors in one selection.
    public static let selectors = 10_000
    /// Jobs in one page of a list; what is asked beyond is cut to this. No job is added either once the page has so many tasks in rows of their own.
    public static let page = 1_000
    /// Attempts in one reply of `show`.
    public static let attempts = 1_000
    /// Ended attempts whose timing the daemon keeps.
    public static let timings = 4_096
    /// Lines in the tail of a log.
    public static let tailLines = 100_000
    /// Payload of one frame.
    public static let framePayload = 1 << 20
    /// Of a job's output in one frame, so that position and time fit too.
    public static let chunk = framePayload - 16
    /// Input that a session's client may send beyond what the job took.
    public static let inputWindow = 256 << 10
    /// Sessions of `exec` that one user may have at a time.
    public static let execSessions = 64
    /// How long a long poll may be held, in milliseconds.
    public static let longPollMilliseconds: Int64 = 30_000
    /// After this long without a word a stream carries a ping (an empty line in events), in milliseconds.
    public static let pingMilliseconds: Int64 = 5_000
    /// How long a `run` survives its client, in milliseconds: contract §6.
    public static let clientLossMilliseconds: Int64 = 10_000
}
