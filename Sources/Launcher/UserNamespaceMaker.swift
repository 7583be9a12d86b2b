internal import CLinux
internal import LaunchProgram

/// A user namespace for id-mapped mounts: a parked process holds it until its descriptor is opened.
func makeUserNamespace(uid: [IDMapExtent], gid: [IDMapExtent], launcher: LauncherDescriptors, _ answer: AnswerSocket) {
    do throws(Fault) {
        let namespace = try parkedUserNamespace(uid: uid, gid: gid, launcher: launcher)
        answer.send(.descriptor, with: namespace)
        _ = linux_close(namespace)
    } catch {
        answer.fail(.userNamespace, error)
    }
}

private func parkedUserNamespace(uid: [IDMapExtent], gid: [IDMapExtent], launcher: LauncherDescriptors) throws(Fault) -> Int32 {
    var pidfd: Int32 = -1
    let parent = getpid()
    let pid = try check(linux_clone3(UInt64(CLONE_NEWUSER) | UInt64(CLONE_PIDFD), SIGCHLD, &pidfd, 0), "clone3")
    if pid == 0 { park(launcher, parent: parent) }
    defer {
        _ = linux_pidfd_send_signal(pidfd, SIGKILL)
        var status: Int32 = 0
        _ = linux_wait(pid, &status, 0)
        _ = linux_close(pidfd)
    }
    try writeMaps(of: pid, uid: uid, gid: gid)
    let path = "/proc/" + ByteString(number: Int(pid)) + "/ns/user"
    return try check(path.withCString { linux_openat(AT_FDCWD, $0, O_RDONLY, 0) }, "open " + path)
}

/// Waits for SIGKILL, the launcher's or the one of its death: a launcher that is killed leaves nobody behind who holds its lock.
private func park(_ launcher: LauncherDescriptors, parent: Int32) -> Never {
    launcher.closeAll()
    _ = linux_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
    guard getppid() == parent else { end(status: 0) }
    while true { _ = linux_poll(nil, 0, -1) }
}
