internal import CLinux
internal import LaunchProgram

/// Which launcher of a run root this is: they are counted by a file that each makes one byte longer.
///
/// A helper does not hold the launchers' lock, for it may be stuck on a submitter's path for ever, where not even SIGKILL reaches it. All the same
/// nothing may start for a launcher that another has followed. So a helper takes a lock of the file, shared, before it starts anything, sees that the
/// file is as long as its launcher left it, and keeps the lock until what it started is stamped; and a new launcher, which holds the launchers' lock
/// by then, makes the file longer under the exclusive lock. What a helper starts is then in its run directory before the new launcher is ready, and one
/// that comes later starts nothing. Its parent's number would not do: who is killed gives up its locks before its children are sent their death
/// signal and see another parent (do_exit in the kernel).
///
/// The lock is of fcntl(2): no clone inherits it, and when a helper is killed it ends as soon as its descriptor is closed, which is the helper's
/// first; one of flock(2) would end only after all files were closed, which the submitter's server can hold up (filp_close).
struct LauncherTerm {
    private static let file = ByteString("launchers")
    private let number: Int

    /// Begins one; waits for helpers of earlier launchers that are just starting something, which waits for nobody.
    init(runRoot: Int32) throws(Fault) {
        let file = try Self.open(runRoot, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW)
        defer { _ = linux_close(file) }
        try check(linux_lock_record(file, Int32(F_WRLCK)), "lock " + Self.file)
        try check(writeOnce([UInt8(ascii: "+")], to: file), "write " + Self.file)
        number = linux_seek_end(file)
    }

    /// The file, for a helper that opens no other before it.
    func open(runRoot: Int32) throws(Fault) -> Int32 { try Self.open(runRoot, O_RDONLY | O_NOFOLLOW) }

    /// Called by a helper; until it closes the file no other launcher becomes ready. False when one has.
    func enter(_ file: Int32) throws(Fault) -> Bool {
        try check(linux_lock_record(file, Int32(F_RDLCK)), "lock " + Self.file)
        return linux_seek_end(file) == number
    }

    private static func open(_ runRoot: Int32, _ flags: Int32) throws(Fault) -> Int32 {
        try check(file.withCString { linux_openat(runRoot, $0, flags, 0o600) }, "open " + file)
    }
}
