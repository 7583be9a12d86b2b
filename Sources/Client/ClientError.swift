public import API
public import LinuxSys

/// Why a call did not succeed.
public enum ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no socket, or nobody listens on it.
    case notRunning(path: String)
    /// The socket may not be opened or used.
    case socket(SystemError)
    /// The daemon closed the connection within a reply, or before one.
    case closed
    /// No reply within the time given, in milliseconds.
    case timedOut(Int32)
    /// What came is no HTTP/1.1, no JSON, or not of the form that this version knows.
    case unexpected(String)
    /// The daemon refused.
    case refused(APIError)

    /// One line for people.
    public var description: String {
        switch self {
        case .notRunning(let path):
            path == BerthClient.defaultSocket
                ? "berthd is not running (nobody listens on \(path)): start it with `systemctl start berthd`"
                    + " or `berthd --config /etc/berth/berthd.yaml`"
                : "berthd is not running (nobody listens on \(path), which BERTH_SOCKET or --socket names): start it with"
                    + " `berthd --config FILE`, where FILE says `socket: \(path)`, or leave the name out for \(BerthClient.defaultSocket)"
        case .socket(let error): "\(error)"
        case .closed: "berthd closed the connection before it had answered"
        case .timedOut(let milliseconds): "berthd did not answer within \(milliseconds / 1000) s"
        case .unexpected(let what): "unexpected answer of berthd: \(what)"
        case .refused(let error): error.description
        }
    }

    /// True where the daemon may be restarting, so that a stream can be taken up again.
    public var isLoss: Bool {
        switch self {
        case .notRunning, .closed, .timedOut, .socket: true
        case .refused(let error): error.code == .unavailable
        case .unexpected: false
        }
    }
}
