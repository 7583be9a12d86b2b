import API
import Client
import JobModel
import LinuxSys

/// Waits for jobs with long polls, across restarts of the daemon.
struct Waiter {
    /// How long a daemon that went away is looked for again.
    private static let returnMilliseconds: UInt64 = 60_000

    var client: BerthClient
    var selection: Selection
    var timeout: TimeSpan?
    var json = false
    /// A bar also where standard error is no terminal.
    var progress = false

    /// Ends the command with the status of contract §6.
    func finish() throws {
        let (reply, timedOut) = try wait()
        if json { try JSONOutput.write(reply) }
        if timedOut {
            throw CommandFailure(ExitRules.timeLimit, json ? nil : "timed out: \(reply.remaining) of \(reply.tasks) have not ended")
        }
        guard let worst = reply.lowestUnsuccessful else { return }
        throw CommandFailure(Self.status(worst.outcome), json ? nil : "\(worst.task) ended as \(worst.outcome.text)")
    }

    /// An outcome without success never ends with 0.
    static func status(_ outcome: OutcomeView) -> Int32 {
        outcome.exitStatus == 0 && !outcome.succeeded ? ExitRules.berth : outcome.exitStatus
    }

    private func wait() throws -> (WaitReply, timedOut: Bool) {
        var selection = selection
        let deadline = timeout.map { Self.now + UInt64(clamping: $0.milliseconds) }
        var lostSince: UInt64?
        var last: WaitReply?
        var bar = WaitProgress(selection, asked: progress, json: json)
        defer { bar?.end() }
        while true {
            let left = deadline.map { $0 > Self.now ? Int64(clamping: $0 - Self.now) : 0 } ?? .max
            do throws(ClientError) {
                // The first bar is drawn at once.
                let step: Int64 = bar == nil ? .max : last.map { $0.tasks > 1 ? WaitProgress.stepMilliseconds : .max } ?? 0
                let hold = TimeSpan(milliseconds: min(left, step, APILimit.longPollMilliseconds))
                let reply = try client.wait(WaitRequest(selection, holdFor: hold))
                (last, lostSince) = (reply, nil)
                bar?.show(reply)
                selection = reply.selection ?? selection
                if reply.remaining == 0 { return (reply, false) }
                if left == 0 { return (reply, true) }
            } catch {
                guard error.isLoss, let last else { throw error }
                if left == 0 { return (last, true) }
                let since = lostSince ?? Self.now
                lostSince = since
                guard Self.now - since < Self.returnMilliseconds else { throw error }
                sleepBlocking(nanoseconds: 200_000_000)
            }
        }
    }

    private static var now: UInt64 { bootNanoseconds() / 1_000_000 }
}
