internal import Dispatch
import LinuxSys
internal import Synchronization

/// Removes groups on a thread of its own: rmdir of a group whose last process has just ended answers EBUSY for a moment.
final class GroupRemover: Sendable {
    private let queue = DispatchQueue(label: "berth.groups")
    private let pending = DispatchGroup()
    private let failures = Mutex<[CgroupError]>([])
    /// The longest pause, in milliseconds, that processes on their way out are given before something else is looked for.
    private static let usualPause = 4

    /// Removes a group in every directory, in the background; one that is still busy does not keep the others waiting.
    ///
    /// - Parameter after: a moment in which the last process ends, so that the first try is not in vain.
    func remove(_ name: String, in directories: [GroupDirectory], after milliseconds: Int = 0, deadlineMilliseconds: UInt64 = 10_000) {
        pending.enter()
        let deadline = bootNanoseconds() + deadlineMilliseconds * 1_000_000
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [self] in
            attempt(name, in: directories, deadline: deadline, pauseMilliseconds: 1)
        }
    }

    private func attempt(_ name: String, in directories: [GroupDirectory], deadline: UInt64, pauseMilliseconds: Int) {
        var busy: [GroupDirectory] = []
        let isUsual = pauseMilliseconds <= Self.usualPause
        for (place, directory) in directories.enumerated() {
            do throws(CgroupError) {
                try Self.removeNow(name, in: directory, looksBelow: !isUsual)
            } catch {
                if error.cause?.errno == 16, bootNanoseconds() < deadline {
                    busy.append(directory)
                    // The processes that are still in this group are in the others, too.
                    if place == 0, isUsual {
                        busy += directories.dropFirst()
                        break
                    }
                } else {
                    failures.withLock { $0.append(error) }
                }
            }
        }
        if busy.isEmpty { return pending.leave() }
        queue.asyncAfter(deadline: .now() + .milliseconds(pauseMilliseconds)) { [self, busy] in
            attempt(name, in: busy, deadline: deadline, pauseMilliseconds: min(pauseMilliseconds * 2, 100))
        }
    }

    /// Waits for what was given so far; hands out the failures since the last call.
    @discardableResult
    func waitUntilIdle() -> [CgroupError] {
        pending.wait()
        return failures.withLock { list in
            defer { list = [] }
            return list
        }
    }

    /// Removes a group and those below, trying again on EBUSY until the deadline.
    static func remove(_ name: String, in directory: GroupDirectory, deadlineMilliseconds: UInt64) throws(CgroupError) {
        let deadline = bootNanoseconds() + deadlineMilliseconds * 1_000_000
        var pause: UInt64 = 100_000
        while true {
            do throws(CgroupError) { return try removeNow(name, in: directory) } catch {
                // EBUSY: processes are still leaving.
                guard error.cause?.errno == 16, bootNanoseconds() < deadline else { throw error }
            }
            sleepBlocking(nanoseconds: pause)
            pause = min(pause * 2, 20_000_000)
        }
    }

    /// Removes a group and those below, once; nothing there is fine.
    ///
    /// - Parameter looksBelow: false where nothing but `job` can be below: then nothing is listed.
    static func removeNow(_ name: String, in directory: GroupDirectory, looksBelow: Bool = true) throws(CgroupError) {
        for isLast in [false, true] {
            do throws(SystemError) { return try directory.descriptor.removeDirectory(name) } catch {
                if error.isNotFound { return }
                let refusal = CgroupError("remove group", "\(directory.path)/\(name)", cause: error)
                guard error.errno == 16, !isLast else { throw refusal }
                if looksBelow {
                    guard let child = try directory.child(name) else { throw refusal }
                    let below = try child.children()
                    if below.isEmpty { throw refusal }
                    for grandchild in below { try removeNow(grandchild, in: child) }
                } else {
                    do throws(SystemError) { try directory.descriptor.removeDirectory("\(name)/job") } catch { throw refusal }
                }
            }
        }
    }
}

extension AttemptGroup {
    /// Removes the groups in the background; failures come from `GroupParent.waitForRemovals`. Read usage first.
    ///
    /// - Parameter after: milliseconds in which PID 1 will have ended.
    public func removeInBackground(after milliseconds: Int = 0) {
        parent.endProtection(of: directories)
        parent.remover.remove(name, in: parentDirectories, after: milliseconds)
    }

    /// Removes the groups now, waiting for EBUSY to pass; blocks.
    public func remove(deadlineMilliseconds: UInt64 = 10_000) throws(CgroupError) {
        parent.endProtection(of: directories)
        for directory in parentDirectories { try GroupRemover.remove(name, in: directory, deadlineMilliseconds: deadlineMilliseconds) }
    }

    private var parentDirectories: [GroupDirectory] { parent.directories.all }
}
