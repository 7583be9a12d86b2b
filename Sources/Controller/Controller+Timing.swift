import API
import JobModel
import NodeAgent

/// The steps of the attempts that ended last, in memory: nobody pays for them but by a few words each.
struct TimingRing: Sendable {
    private struct Entry {
        var id: AttemptID
        var times: AttemptTimes
    }

    /// How many are kept; of `APILimit.timings`, 216 bytes each, 0.9 MB in all.
    private let size: Int
    private var entries: [Entry] = []
    /// Which one goes next, once all places are taken.
    private var oldest = 0

    init(size: Int = APILimit.timings) { self.size = size }

    mutating func add(_ id: AttemptID, _ times: AttemptTimes) {
        let entry = Entry(id: id, times: times)
        guard entries.count == size else { return entries.append(entry) }
        entries[oldest] = entry
        oldest = (oldest + 1) % size
    }

    /// Of a job's attempts those that are kept; every entry is looked at.
    func times(of job: JobID) -> [AttemptID: AttemptTimes] {
        var found: [AttemptID: AttemptTimes] = [:]
        for entry in entries where entry.id.task.job == job { found[entry.id] = entry.times }
        return found
    }
}

extension Controller {
    /// The submits of these jobs are on disk.
    func stored(_ ids: [JobID]) {
        let now = clock.now().boot
        for id in ids { jobs[id]?.storedAt = now }
    }

    /// What is known by now of the steps of an attempt that has not ended. What was before a restart of the daemon is not, but for what the store keeps.
    func times(of attempt: LiveAttempt, _ job: LiveJob) -> AttemptTimes {
        var times = attempt.clock.times
        let record = attempt.record
        if record.assignedAt.bootID == clock.bootID { times[.placed] = record.assignedAt.boot }
        guard record.id.number == 1 else { return times }
        times[.accepted] = job.acceptedAt
        times[.stored] = job.storedAt
        return times
    }

    /// Adds to attempts as shown what is known of their steps; nothing where that is not kept any more.
    func addTimings(to views: inout [AttemptView], of id: JobID) {
        let kept = timings.times(of: id)
        for index in views.indices {
            let attempt = views[index].id
            if let live = attempts[attempt], let job = jobs[id] {
                views[index].timing = AttemptTiming(times(of: live, job))
            } else {
                views[index].timing = kept[attempt].map { AttemptTiming($0) }
            }
        }
    }
}
