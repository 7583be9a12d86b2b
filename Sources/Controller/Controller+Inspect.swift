public import API
public import JobModel
import JobStore

extension Controller {
    /// The attempt that a peer may look into, after what there is to be told of it is durable (contract §8).
    public func inspected(_ task: TaskID, _ request: InspectRequest, peer: Peer) async throws(APIError) -> AttemptID {
        switch try await status(of: task, .inspect, peer: peer) {
        case .pending: throw APIError(.conflict, "inspect of job \(task): it has not started")
        case .finished: throw APIError(.conflict, "inspect of job \(task): it has finished")
        case .active(let id, let state):
            if let wanted = request.attempt, wanted != id.number {
                throw APIError(.conflict, "inspect of \(AttemptID(task, wanted)): it does not run, \(id) does")
            }
            guard attempts[id]?.hasStarted == true, attempts[id]?.isWatched == true else {
                throw APIError(.conflict, "inspect of job \(task): it is \(state.rawValue), accepted are running and paused")
            }
            audit(request.core ? "inspect with core" : "inspect", [Chosen(job: task.job, slots: IntervalSet([task.slot]))], peer)
            try await settled()
            return id
        }
    }
}
