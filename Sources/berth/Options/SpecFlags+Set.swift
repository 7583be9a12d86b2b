import JobSpecs

extension SpecFlags {
    /// Sets a field by its flag without the dashes, such as `time-limit`; of those that may be given several times one more. False for unknown
    /// ones. As with the argument parser, the last of several counts.
    mutating func set(_ flag: String, _ value: String) -> Bool {
        switch flag {
        case "name": name = value
        case "image": image = value
        case "script": script = value
        case "user": user = value
        case "export": export = value
        case "working-directory": workingDirectory = value
        case "array": array = value
        case "batch": batch = value
        case "queue": queue = value
        case "priority": priority = value
        case "begin": begin = value
        case "retries": retries = value
        case "rerun": rerun = value
        case "cores": cores = value
        case "cpu": cpu = value
        case "memory": memory = value
        case "memory-soft": memorySoft = value
        case "swap": swap = value
        case "pids": pids = value
        case "scratch": scratch = value
        case "scratch-kind": scratchKind = value
        case "scratch-inodes": scratchInodes = value
        case "shm-size": shmSize = value
        case "huge-pages": hugePages.append(value)
        case "memory-signal": memorySignal.append(value)
        case "network": network = value
        case "output": output = value
        case "error": error = value
        case "input": input = value
        case "time-limit": timeLimit = value
        case "warning-signal": warningSignal = value
        case "stop-signal": stopSignal = value
        case "grace-period": gracePeriod = value
        case "log-limit": logLimit = value
        case "umask": umask = value
        case "environment": environment.append(value)
        case "dependencies": dependencies.append(value)
        case "tags": tags.append(value)
        case "io": io.append(value)
        case "resources": resources.append(value)
        case "mounts": mounts.append(value)
        case "devices": devices.append(value)
        case "rlimits": rlimits.append(value)
        case "sysctls": sysctls.append(value)
        case "capabilities": capabilities.append(value)
        default: return false
        }
        return true
    }

    /// Sets a field that is true or false.
    mutating func set(toggle flag: String, _ value: Bool) -> Bool {
        switch flag {
        case "cwd": cwd = value
        case "api": api = value
        case "hold": hold = value ? true : nil
        default: return false
        }
        return true
    }
}
