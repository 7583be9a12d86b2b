import API
import Controller
import JobModel
import LinuxSys
import NodeAgent
import Testing

@testable import Server

/// Who a peer is on kernels without SO_PEERPIDFD, where its process was opened by number.
@Suite struct PeerResolverTests {
    private let resolver = PeerResolver(parent: "berth-none", work: WorkQueue("peers", width: 1)) { _ in nil }

    private func own(isPinned: Bool) throws -> (PeerCredentials, sockets: (Descriptor, Descriptor)) {
        let sockets = try Descriptor.socketPair(.stream)
        var credentials = try PeerCredentials(of: sockets.0)
        credentials.isPinned = isPinned
        return (credentials, sockets)
    }

    /// A process that is younger than the connection got the peer's number after its end.
    @Test func aYoungerProcessIsNotThePeer() async throws {
        let (found, _) = try own(isPinned: false)
        let start = try ProcessStatus(pid: found.process.pid).startBootNanoseconds
        let error = await #expect(throws: APIError.self) {
            try await resolver.peer(of: ConnectionFacts(credentials: found, takenAt: start - 1))
        }
        #expect(error?.code == .denied && error?.message.contains("the peer has ended") == true, "\(String(describing: error))")
    }

    @Test func anOlderProcessIsThePeer() async throws {
        let (found, _) = try own(isPinned: false)
        let start = try ProcessStatus(pid: found.process.pid).startBootNanoseconds
        for takenAt in [start, bootNanoseconds()] {
            let peer = try await resolver.peer(of: ConnectionFacts(credentials: found, takenAt: takenAt))
            #expect(peer.user == UserID(found.uid) && peer.group == GroupID(found.gid) && peer.origin == .host)
        }
    }

    /// What the socket itself pinned is the peer, whatever the clocks say.
    @Test func aPinnedProcessIsNotCompared() async throws {
        let (found, _) = try own(isPinned: true)
        let peer = try await resolver.peer(of: ConnectionFacts(credentials: found, takenAt: 0))
        #expect(peer.user == UserID(found.uid))
    }

    @Test(arguments: [
        ("/berth/12.3-2/job", "berth", "12.3-2"), ("/a/b/12.3-2/job", "a/b", "12.3-2"), ("/outer/a/b/12.3-2", "a/b", "12.3-2"),
        ("/a/a/b/7-1", "a/b", "7-1"), ("/a/b", "a/b", ""), ("/berth/spare-4", "/berth/", "spare-4"), ("/a/x/b/12.3-2", "a/b", nil),
        ("/a/12.3-2", "a/b", nil), ("/b/12.3-2", "a/b", nil), ("/berthing/12.3-2", "berth", nil), ("/", "berth", nil),
    ])
    func theContainerIsNamedByItsGroup(path: String, parent: String, name: String?) {
        #expect(PeerResolver.container(in: path, parent: parent) == name)
    }

    /// Who is refused leaves nothing behind, whatever ids and groups it has.
    @Test func aPeerOfAnotherUserNamespaceIsNotLookedUp() async throws {
        let (found, _) = try own(isPinned: true)
        var foreign = found
        // It waits for its input, which is ours.
        let (reading, writing) = try Descriptor.pipe()
        let words = ["unshare", "--user", "--map-root-user", "/bin/sh", "-c", "echo there; read -r end"]
        let (output, outputEnd) = try Descriptor.pipe()
        let process = try Spawn(path: "/usr/bin/unshare", arguments: words, environment: [:], descriptors: [0: reading, 1: outputEnd]).run()
        outputEnd.close()
        try #require(String(decoding: try output.read(upTo: 16), as: UTF8.self) == "there\n")
        foreign.process = process
        foreign.groups = Array(1_000_000..<1_000_064)
        let facts = ConnectionFacts(credentials: foreign, takenAt: bootNanoseconds())
        let error = await #expect(throws: APIError.self) { try await resolver.peer(of: facts) }
        #expect(error?.message.contains("user namespace") == true && resolver.namesKept == 0, "\(String(describing: error))")
        writing.close()
        _ = try process.wait()
        _ = try await resolver.peer(of: ConnectionFacts(credentials: found, takenAt: bootNanoseconds()))
        #expect(resolver.namesKept > 0)
    }

    @Test func onlySoManyNamesAreKept() {
        var memory = BriefMemory<UInt32, String?>()
        for number in 0..<UInt32(3 * BriefMemory<UInt32, String?>.bound) {
            memory[number] = .some(number % 2 == 0 ? "group" : nil)
            #expect(memory.count <= BriefMemory<UInt32, String?>.bound)
        }
        let last = UInt32(3 * BriefMemory<UInt32, String?>.bound) - 1
        #expect(memory[last] == .some(nil) && memory[last - 1] == "group")
    }

    @Test(arguments: [false, true])
    func anEndedProcessIsRefused(isPinned: Bool) async throws {
        var (found, _) = try own(isPinned: isPinned)
        let ended = try Spawn(path: "/bin/true", arguments: ["true"], environment: [:]).run()
        _ = try ended.wait()
        found.process = ended
        let facts = ConnectionFacts(credentials: found, takenAt: bootNanoseconds())
        let error = await #expect(throws: APIError.self) { try await resolver.peer(of: facts) }
        #expect(error?.code == .denied)
    }
}
