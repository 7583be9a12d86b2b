/// Every metric of `berthd`, named by Prometheus's conventions: base units, `_total` for what only grows.
///
/// Labels are bounded: routes, statuses, outcomes, queues, states and the configuration's names; never users, jobs or images.
public enum Metric: String, Hashable, Sendable, CaseIterable {
    case info = "berth_info"
    case tasks = "berth_tasks"
    case cores = "berth_cores"
    case memory = "berth_memory_bytes"
    case scratch = "berth_scratch_bytes"
    case instances = "berth_resource_instances"
    case storageUp = "berth_storage_up"
    case databaseSize = "berth_database_size_bytes"
    case stateFree = "berth_state_free_bytes"
    case connections = "berth_connections"
    case jobsSubmitted = "berth_jobs_submitted_total"
    case tasksSubmitted = "berth_tasks_submitted_total"
    case attemptsFinished = "berth_attempts_finished_total"
    case taskWait = "berth_task_wait_seconds"
    case taskRun = "berth_task_run_seconds"
    case start = "berth_start_seconds"
    case commits = "berth_commits_total"
    case commitFailures = "berth_commit_failures_total"
    case commitDuration = "berth_commit_duration_seconds"
    case requests = "berth_requests_total"
    case requestDuration = "berth_request_duration_seconds"
    case launcherDeaths = "berth_launcher_deaths_total"
    case processCpu = "process_cpu_seconds_total"
    case processMemory = "process_resident_memory_bytes"
    case processOpenFiles = "process_open_fds"
    case processMostFiles = "process_max_fds"
    case processStart = "process_start_time_seconds"
    case processThreads = "process_threads"

    public enum Kind: String, Sendable { case counter, gauge, histogram }

    public var kind: Kind {
        switch self {
        case .taskWait, .taskRun, .start, .commitDuration, .requestDuration: .histogram
        case .processCpu: .counter
        default: rawValue.hasSuffix("_total") ? .counter : .gauge
        }
    }

    /// One line for people.
    public var help: String {
        switch self {
        case .info: "The daemon, its machine and how that mounts its control groups; always 1."
        case .tasks: "Living tasks by queue and state."
        case .cores: "Cores of the machine by what they are used for."
        case .memory: "Memory of the machine by what it is promised to."
        case .scratch: "Scratch on disk by what it is promised to."
        case .instances: "Instances of a named resource, free or taken."
        case .storageUp: "Whether the state directory takes changes."
        case .databaseSize: "Size of the database with its write-ahead log."
        case .stateFree: "Free space of the file system of the state directory."
        case .connections: "Open connections of clients."
        case .jobsSubmitted: "Jobs accepted since the daemon started."
        case .tasksSubmitted: "Tasks accepted since the daemon started."
        case .attemptsFinished: "Attempts that ended since the daemon started, by outcome."
        case .taskWait: "Time from being ready for the queue to the first instruction."
        case .taskRun: "Time from the first instruction to the end, without the time frozen."
        case .start: "Time from the assignment of cores to the first instruction."
        case .commits: "Durable transactions since the daemon started."
        case .commitFailures: "Transactions that the store refused since the daemon started."
        case .commitDuration: "Time that a durable transaction took."
        case .requests: "Requests answered since the daemon started, by route and status."
        case .requestDuration: "Time from a request's head to its reply's."
        case .launcherDeaths: "Launchers that died and were replaced since the daemon started."
        case .processCpu: "User and system time of the daemon."
        case .processMemory: "Resident memory of the daemon."
        case .processOpenFiles: "Open file descriptors of the daemon."
        case .processMostFiles: "Most file descriptors the daemon may open."
        case .processStart: "Start of the daemon since 1970."
        case .processThreads: "Threads of the daemon."
        }
    }

    /// Upper bounds of a histogram's buckets, in seconds.
    var bounds: [Double] {
        switch self {
        case .taskWait, .taskRun: [0.01, 0.1, 1, 10, 60, 600, 3600, 21_600, 86_400, 604_800]
        default: [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        }
    }
}
