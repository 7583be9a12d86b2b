public import API
public import JobModel
import LinuxSys
import Synchronization

/// What is wanted of a look into a running attempt.
public struct InspectWish: Sendable {
    /// Do not freeze it.
    public var running = false
    /// Takes the bytes of a core file; nil: none is wanted.
    public var core: (@Sendable ([UInt8]) async throws -> Void)?
    /// Of the core: which process, by its number inside.
    public var process: Int32?
    public init(running: Bool = false) { self.running = running }
}

/// A look that is under way: at most one of an attempt.
final class Inspection: Sendable {
    private struct State {
        var helper: InspectHelper?
        var reason: APIError?
    }
    private let state = Mutex(State())

    /// The helper that it has; one that comes after the end is ended at once.
    func take(_ helper: InspectHelper) {
        if state.withLock({ state in
            state.helper = helper
            return state.reason != nil
        }) {
            helper.kill()
        }
    }

    /// Ends it before its time; the first reason counts.
    func end(_ reason: APIError) {
        let helper = state.withLock { state in
            state.reason = state.reason ?? reason
            return state.helper
        }
        helper?.kill()
    }

    /// Why it was ended before its time.
    var reason: APIError? { state.withLock { $0.reason } }
}

/// All looks of this machine: so many of one user and in all, and none once the daemon ends.
final class Inspections: Sendable {
    private struct State {
        var running: [AttemptID: (user: UserID, inspection: Inspection)] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    func begin(_ id: AttemptID, for user: UserID) throws(APIError) -> Inspection {
        let result = state.withLock { state -> Result<Inspection, APIError> in
            if state.isClosed { return .failure(APIError(.unavailable, "the daemon ends")) }
            if state.running[id] != nil { return .failure(APIError(.conflict, "inspect of job \(id.task): another is under way, try again")) }
            let own = state.running.values.count { $0.user == user }
            guard own < InspectLimit.perUser, state.running.count < InspectLimit.inAll else {
                let found = own < InspectLimit.perUser ? "\(state.running.count) of all users" : "\(own)"
                return .failure(
                    APIError(
                        .limit,
                        "inspect: found \(found) under way, accepted are \(InspectLimit.perUser) of a user and \(InspectLimit.inAll) of all at a time"
                    ))
            }
            let inspection = Inspection()
            state.running[id] = (user, inspection)
            return .success(inspection)
        }
        return try result.get()
    }

    func end(_ id: AttemptID) { state.withLock { _ = $0.running.removeValue(forKey: id) } }

    /// Ends all, and waits until their jobs go on; the next daemon sees to those that do not.
    func close() async {
        let all = state.withLock { state in
            state.isClosed = true
            return state.running.values.map(\.inspection)
        }
        for inspection in all { inspection.end(APIError(.unavailable, "the daemon ends")) }
        for _ in 0..<300 where state.withLock({ !$0.running.isEmpty }) { try? await Task.sleep(for: .milliseconds(10)) }
    }
}

extension Agent {
    /// Looks at the processes of a running attempt. With a core, its bytes go to the wish's receiver before this returns.
    public func inspect(_ attempt: AttemptID, _ wish: InspectWish, by user: UserID) async throws -> InspectReply {
        guard let supervisor = supervisor(of: attempt) else {
            throw APIError(.conflict, "inspect of job \(attempt.task): it does not run here")
        }
        return try await supervisor.inspect(wish, try services.inspections.begin(attempt, for: user))
    }
}
