import LinuxSys
import Testing

@testable import NodeAgent

/// Where a job's mounts let another id than the submitter's write into the host's files.
@Suite struct PlainBindsTests {
    private let host = MountTable(
        text: """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            30 22 0:26 / /dev/shm rw,nosuid shared:2 - tmpfs tmpfs rw
            31 22 0:40 / /mnt/merged rw shared:3 - overlay overlay rw,lowerdir=/l
            """)

    private func places(_ lines: String...) -> [String] {
        let usual = """
            500 400 0:70 / / rw,nosuid,nodev - overlay overlay rw
            501 500 0:71 / /proc rw - proc proc rw
            502 500 0:72 / /dev rw - tmpfs tmpfs rw
            503 502 0:6 /null /dev/null rw - devtmpfs udev rw
            504 500 0:25 /b.sock /run/berth/berthd.sock rw - tmpfs tmpfs rw

            """
        return PlainBinds(job: MountTable(text: usual + lines.joined(separator: "\n")), host: host).places
    }

    @Test("A bind with an id map, one that cannot be written, and what is the container's own are no danger") func harmless() {
        #expect(places() == [])
        #expect(places("510 500 254:0 /home/a /home/a rw,nosuid,nodev,idmapped - ext4 /dev/vda rw") == [])
        #expect(places("510 500 0:40 / /ov ro,nosuid,nodev - overlay overlay rw") == [])
        #expect(places("510 500 0:90 / /scratch rw,nosuid,nodev - tmpfs tmpfs rw,size=65536k") == [])
    }

    @Test("A file system without id maps is found, also a tmpfs of the host's (Linux before 6.3), and one that the host let go") func found() {
        #expect(places("510 500 0:40 / /ov rw,nosuid,nodev - overlay overlay rw") == ["/ov"])
        #expect(places("510 500 0:26 /a /shared rw,nosuid,nodev - tmpfs tmpfs rw") == ["/shared"])
        #expect(places("510 500 0:99 / /nfs rw - nfs4 server:/x rw", "511 510 0:98 / /nfs/fuse rw - fuse.sshfs x rw") == ["/nfs", "/nfs/fuse"])
        #expect(places("510 500 0:40 / /devices rw - overlay overlay rw") == ["/devices"])
    }
}
