import LinuxSys
import Synchronization

/// A process that takes everything of a daemon down when the test runner dies before it could.
///
/// It reads from a pipe that only the runner holds open, so that it wakes at the runner's end, whatever ended it.
final class Guardian: Sendable {
    private let pipe: Descriptor
    private let process: ProcessHandle

    private static let script = #"""
        read -r word
        [ "$word" = dismissed ] && exit 0
        for group in $(find /sys/fs/cgroup -type d -path "*/$3*" | sort -r); do
          echo THAWED >"$group/freezer.state"; echo 0 >"$group/cgroup.freeze"
          for pid in $(cat "$group/cgroup.procs"); do kill -9 "$pid"; done
        done
        for pid in $(grep -lF -e "$1/" /proc/[0-9]*/cmdline | cut -d/ -f3); do [ "$pid" = $$ ] || kill -9 "$pid"; done
        sleep 1
        find /sys/fs/cgroup -depth -type d -path "*/$3*" -exec rmdir {} \;
        for point in $(grep -F -e "$1/" -e "$2/" /proc/self/mountinfo | cut -d' ' -f5 | tac); do umount -l "$point"; done
        losetup --noheadings --list --output NAME,BACK-FILE | grep -F "$1/" | while read -r device file; do losetup -d "$device"; done
        rm -rf --one-file-system "$1" "$2"
        """#

    init(place: TemporaryDirectory, runPlace: TemporaryDirectory, groupParent: String) throws(SystemError) {
        let ends = try Descriptor.pipe()
        pipe = ends.writing
        let words = ["/bin/sh", "-c", Self.script, "guardian", place.path, runPlace.path, groupParent]
        process = try Spawn(
            path: "/bin/sh", arguments: words, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], descriptors: [0: ends.reading],
            newSession: true
        ).run()
    }

    /// The daemon was taken down properly.
    func dismiss() {
        try? pipe.write("dismissed\n")
        _ = try? process.wait()
    }
}
