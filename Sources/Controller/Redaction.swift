import API
import JobModel

// What is shown of another user's job (contract §8): id, owner, queue, state, resources and times. Everything is named that is shown, so that a
// field which comes later is hidden until somebody decides otherwise.

extension JobSummary {
    var redactedForOthers: JobSummary {
        var row = JobSummary(
            id: id, owner: owner, ownerName: ownerName, redacted: true, queue: queue, priority: priority, demand: demand, timeLimit: timeLimit,
            submittedAt: submittedAt, isArray: isArray, counts: counts, groups: groups.map(\.redactedForOthers))
        row.arrayLimit = arrayLimit
        return row
    }
}

extension TaskGroup {
    var redactedForOthers: TaskGroup {
        var group = TaskGroup(state: state, indices: indices, count: count)
        group.estimatedStart = estimatedStart
        group.attempt = attempt?.redactedForOthers
        return group
    }
}

extension AttemptView {
    /// How it ended and what it used are its owner's to know, as in reports.
    var redactedForOthers: AttemptView {
        var view = AttemptView(id: id, state: state)
        view.node = node
        view.placement = placement
        view.assignedAt = assignedAt
        view.startedAt = startedAt
        view.endedAt = endedAt
        view.queuedFor = queuedFor
        view.ranFor = ranFor
        view.pausedFor = pausedFor
        view.timeLeft = timeLeft
        view.coresReleased = coresReleased
        view.waitingForCores = waitingForCores
        return view
    }
}
