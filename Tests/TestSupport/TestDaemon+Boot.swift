import LinuxSys

extension TestDaemon {
    /// Starts it in another boot of the machine: in a mount namespace in which the kernel's boot id is of that number.
    public func start(inBoot number: UInt64) throws {
        let digits = String(number, radix: 16)
        let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        let file = try place.write("boot-id", id + "\n")
        // Who has no proc without something over it may mount none in a user namespace: hence another one, which is whole.
        let script = "mkdir -p \"$0.proc\" && mount -t proc proc \"$0.proc\" && mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\""
        try start(wrapper: ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, file])
    }

    /// Everything ends at once, as when the power goes: the daemon, its launcher, the jobs with their groups. What was in memory is gone: the run
    /// directory with its socket and the leases.
    ///
    /// - Parameter keepsRunDirectory: it lies on a disk.
    public func losePower(keepsRunDirectory: Bool = false) throws {
        try kill()
        let script = #"""
            for try in $(seq 300); do
              left=
              for group in $(find /sys/fs/cgroup -type d -path "*/$1*"); do
                [ ! -e "$group/freezer.state" ] || echo THAWED >"$group/freezer.state"
                [ ! -e "$group/cgroup.freeze" ] || echo 0 >"$group/cgroup.freeze"
                for pid in $(cat "$group/cgroup.procs"); do left=yes; kill -9 "$pid"; done
              done 2>/dev/null
              [ -n "$left" ] || break
              sleep 0.05
            done
            for pid in $(grep -lF -e "$2/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); do
              tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^[^ ]*berth-[ih]' && kill -9 "$pid"
            done
            find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} \; 2>/dev/null
            [ -n "$3" ] || rm -rf "$2"/*
            [ -z "$left" ]
            """#
        let words = ["/bin/bash", "-c", script, "poweroff", groupParent, runPlace.path, keepsRunDirectory ? "kept" : ""]
        let result = try Command(words).run()
        guard result.status == 0 else { throw Failure(description: "what ran does not end: \(result)") }
    }
}
