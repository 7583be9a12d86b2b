import API
import JobModel

/// `berth show --timing`: each attempt's steps in the order of time, with the time since the one before.
struct TimingText {
    var attempts: [AttemptView]
    var style: Style
    var width: Int?

    func render() -> String { attempts.map(render).joined(separator: "\n") }

    private func render(_ attempt: AttemptView) -> String {
        let title = "Attempt \(attempt.id)"
        guard let timing = attempt.timing else { return style(.bold, title) + ": its timing is no longer kept\n" }
        let monitor = timing.spare.map { $0 ? ", from a spare container" : ", without a spare container" } ?? ""
        var table = Table([.init("STEP"), .init("AFTER ms", right: true), .init("TOTAL ms", right: true), .init("WHAT", shrinksTo: 8)])
        var before: Int64 = 0
        for stage in timing.stages {
            // Of what is printed too the steps add up to the whole.
            let total = stage.totalNanoseconds / 1000
            table.add([stage.stage.rawValue, Self.milliseconds(total - before), Self.milliseconds(total), stage.stage.text])
            before = total
        }
        for stage in timing.absent { table.add([stage.rawValue, "-", "-", stage.text]) }
        return style(.bold, title) + " \(attempt.outcome?.text ?? attempt.state.rawValue)\(monitor)\n" + table.render(width: width, style: style)
    }

    /// Microseconds as `1.234`.
    private static func milliseconds(_ micros: Int64) -> String {
        let digits = String(micros % 1000)
        return "\(micros / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }
}

extension TimingStage {
    /// What was done by then.
    var text: String {
        switch self {
        case .accepted: "the submit was checked and taken"
        case .stored: "the submit was on disk"
        case .chosen: "the plan that chose it began"
        case .placed: "it had cores and memory"
        case .committed: "that was on disk"
        case .scratch: "image and scratch were there"
        case .groups: "control groups with limits were there"
        case .root: "its root was mounted, all was ready for the launcher"
        case .sent: "the launcher was asked"
        case .received: "the launcher had read the launch program"
        case .opened: "run directory and the submitter's paths were open"
        case .cloned: "PID 1 was cloned with its namespaces, or a spare one taken"
        case .joined: "PID 1 was in its groups; a spare one was before"
        case .forked: "the job's process was cloned"
        case .mounted: "file systems and mounts stood"
        case .ready: "all was there but the exec"
        case .released: "it was told to go on"
        case .executed: "the job's first instruction"
        case .exited: "the job's main process ended"
        case .seen: "the daemon heard of it"
        case .recorded: "the exit record was read"
        case .counted: "nothing of it ran any more, its counters were read"
        case .ended: "the end was on disk"
        }
    }
}
