import Images
import JobModel
import LinuxSys
import OCISpec

/// The variables that a job finds: contract §4.
struct JobEnvironment {
    let services: NodeServices
    let record: AttemptRecord
    let job: JobRecord
    let lease: ImageLease

    /// `NAME=value`, later ones winning: the image's, ours, what the job asks for, then Berth's own.
    func variables(_ owner: AttemptPlanner.ResolvedOwner) -> [String] {
        var variables: [String: String] = [:]
        for entry in lease.config.environment {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        }
        let isSubmitter = (job.spec.user ?? .submitter) == .submitter && owner.record.user != .root
        variables["HOME"] = isSubmitter ? owner.account.home : variables["HOME"] ?? "/root"
        variables["USER"] = isSubmitter ? owner.account.name : variables["USER"]
        variables["LOGNAME"] = variables["USER"]
        if job.spec.terminal != nil { variables["TERM"] = "xterm" }
        variables.merge(job.spec.environment ?? [:]) { _, asked in asked }
        for instance in instances() { variables.merge(instance.environment) { _, given in given } }
        variables.merge(own()) { _, given in given }
        return variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    private func own() -> [String: String] {
        let task = record.id.task
        var own = [
            "BERTH_JOB_ID": "\(task.job)", "BERTH_ATTEMPT": "\(record.id.number)", "BERTH_CPUS": "\(record.placement.cpus)",
            "BERTH_MEMORY": "\(job.demand.memory.count)", "BERTH_SCRATCH": "/tmp",
            "OMP_NUM_THREADS": "\(max(1, job.demand.cores > 0 ? job.demand.cores : (job.demand.cpuMillis + 999) / 1000))",
        ]
        if let index = task.index { own["BERTH_TASK_INDEX"] = "\(index)" }
        if let batch = job.spec.batch { own["BERTH_BATCH"] = batch }
        if job.spec.api == true { own["BERTH_SOCKET"] = "/run/berth/berthd.sock" }
        return own
    }

    private func instances() -> [NamedResource.Instance] {
        record.placement.named.flatMap { name, chosen in
            services.settings.named.first { $0.name == name }?.instances.filter { chosen.contains($0.name) } ?? []
        }
    }
}
