internal import CLinux
internal import LaunchProgram

/// A user namespace for id-mapped mounts: a parked process holds it until its descriptor is opened.
func makeUserNamespace(uid: [IDMapExtent], gid: [IDMapExtent], _ answer: AnswerSocket) {
    do throws(Fault) {
        var pidfd: Int32 = -1
        let pid = try check(linux_clone3(UInt64(CLONE_NEWUSER) | UInt64(CLONE_PIDFD), SIGCHLD, &pidfd, 0), "clone3")
        // With all signals blocked: only SIGKILL ends it.
        if pid == 0 { while true { _ = linux_poll(nil, 0, -1) } }
        defer {
            _ = linux_pidfd_send_signal(pidfd, SIGKILL)
            var status: Int32 = 0
            _ = linux_wait(pid, &status, 0)
            _ = linux_close(pidfd)
        }
        try writeMaps(of: pid, uid: uid, gid: gid)
        let path = "/proc/" + ByteString(number: Int(pid)) + "/ns/user"
        let namespace = try check(path.withCString { linux_openat(AT_FDCWD, $0, O_RDONLY, 0) }, "open " + path)
        answer.send(.descriptor, with: namespace)
        _ = linux_close(namespace)
    } catch {
        answer.fail(.userNamespace, error)
    }
}
