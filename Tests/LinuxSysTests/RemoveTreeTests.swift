import LinuxSys
import Synchronization
import Testing

@Suite struct RemoveTreeTests {
    private func fill(_ directory: Descriptor, depth: Int) throws {
        for index in 0..<4 {
            try directory.open(at: "f\(index)", [.writeOnly, .create]).write("x")
            try directory.makeSymbolicLink("l\(index)", to: "f\(index)")
        }
        guard depth > 0 else { return }
        for index in 0..<3 { try fill(directory.makeAndOpenDirectory("d\(index)"), depth: depth - 1) }
    }

    @Test func removesEverythingBelow() throws {
        let scratch = try Scratch()
        try fill(scratch.directory.makeAndOpenDirectory("tree"), depth: 3)
        try scratch.file("neighbour")
        let count = try removeTree(at: scratch.directory, "tree")
        #expect(count == 40 * 8 + 40)
        #expect(try scratch.directory.names() == ["neighbour"])
        #expect(try removeTree(at: scratch.directory, "tree") == 0)
    }

    @Test func refusesNamesThatAreNoNames() throws {
        let scratch = try Scratch()
        for name in ["", ".", "..", "a/b", "/tmp"] { #expect(throws: SystemError.self) { try removeTree(at: scratch.directory, name) } }
    }

    @Test func doesNotFollowLinks() throws {
        let scratch = try Scratch()
        let canary = try scratch.directory.makeAndOpenDirectory("canary")
        try canary.open(at: "alive", [.writeOnly, .create]).write("x")
        let tree = try scratch.directory.makeAndOpenDirectory("tree")
        try tree.makeSymbolicLink("absolute", to: scratch.path + "/canary")
        try tree.makeSymbolicLink("relative", to: "../canary")
        try tree.makeSymbolicLink("loop", to: ".")
        try removeTree(at: scratch.directory, "tree")
        #expect(try canary.names() == ["alive"])
        try scratch.directory.makeSymbolicLink("tree", to: "canary")
        try removeTree(at: scratch.directory, "tree")
        #expect(try canary.names() == ["alive"])
        #expect(try scratch.directory.names() == ["canary"])
    }

    /// An attacker swaps directories of the tree with links to the canary as fast as it can, while the tree is removed.
    @Test func survivesSwaps() throws {
        let scratch = try Scratch()
        let canary = try scratch.directory.makeAndOpenDirectory("canary")
        for index in 0..<20 { try canary.open(at: "alive\(index)", [.writeOnly, .create]).write("x") }
        let path = scratch.path
        for _ in 0..<8 {
            let tree = try scratch.directory.makeAndOpenDirectory("tree")
            for index in 0..<8 {
                let child = try tree.makeAndOpenDirectory("d\(index)")
                for inner in 0..<20 { try child.makeDirectory("e\(inner)") }
            }
            try scratch.directory.makeSymbolicLink("bait", to: path + "/canary")
            let stop = Atomic(false)
            let swaps = Atomic(0)
            try withThread {
                var index = 0
                while !stop.load(ordering: .relaxed) {
                    if (try? tree.rename("d\(index % 8)", to: "bait", in: scratch.directory, mode: .exchange)) != nil {
                        swaps.add(1, ordering: .relaxed)
                    }
                    index += 1
                }
            } during: {
                while swaps.load(ordering: .relaxed) == 0 {}
                // The swapper moves things out and in, so a name may come back: the end may be ENOTEMPTY, the canary must live.
                _ = try? removeTree(at: scratch.directory, "tree")
                stop.store(true, ordering: .relaxed)
            }
            #expect(try canary.names().count == 20)
            try removeTree(at: scratch.directory, "tree")
            try removeTree(at: scratch.directory, "bait")
            #expect(try canary.names().count == 20)
        }
    }

    @Test func deepChainsNeedNoDescriptorsPerLevel() throws {
        let scratch = try Scratch()
        var place = try scratch.directory.makeAndOpenDirectory("tree")
        for _ in 0..<3_000 { place = try place.makeAndOpenDirectory("d") }
        let before = try Descriptor.open("/proc/self/fd", .directory).names().count
        #expect(try removeTree(at: scratch.directory, "tree") == 3_001)
        #expect(try Descriptor.open("/proc/self/fd", .directory).names().count <= before + 8)
        #expect(try scratch.directory.names() == [])
    }

    @Test(.enabled(if: isRoot, "needs root")) func doesNotEnterMounts() throws {
        let scratch = try Scratch()
        let tree = try scratch.directory.makeAndOpenDirectory("tree")
        try tree.makeDirectory("mounted")
        try tree.open(at: "file", [.writeOnly, .create]).write("x")
        try Mount.mount("tmpfs", at: scratch.path + "/tree/mounted", type: "tmpfs")
        defer { try? Mount.detach(scratch.path + "/tree/mounted", lazily: true) }
        _ = try Descriptor.open(scratch.path + "/tree/mounted/inside", [.writeOnly, .create])
        let error = #expect(throws: SystemError.self) { try removeTree(at: scratch.directory, "tree") }
        #expect(error?.errnoName == "EBUSY")
        #expect(try tree.names() == ["mounted"], "the rest is gone")
        #expect(try Descriptor.open(scratch.path + "/tree/mounted", .directory).names() == ["inside"])
    }

    @Test func emptiesAndKeepsTheDirectory() throws {
        let scratch = try Scratch()
        try fill(scratch.directory, depth: 2)
        try removeContents(of: scratch.directory)
        #expect(try scratch.directory.names() == [])
        #expect(try Descriptor.open(scratch.path, .directory).status().kind == .directory)
    }
}
