import LinuxSys
import Synchronization
import TestSupport
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

    /// An attacker swaps a directory with a link to the canary as fast as it can, while the directory is removed over and over.
    @Test func survivesSwaps() throws {
        let scratch = try Scratch()
        let canary = try scratch.directory.makeAndOpenDirectory("canary")
        try canary.open(at: "alive", [.writeOnly, .create]).write("x")
        let tree = try scratch.directory.makeAndOpenDirectory("tree")
        let path = scratch.path + "/canary"
        let stop = Atomic(false)
        let traps = Atomic(0)
        try withThread {
            while !stop.load(ordering: .relaxed) {
                if (try? tree.rename("a", to: "b", mode: .exchange)) != nil { continue }
                // One of them was removed: set the trap anew, the link last.
                for name in ["a", "b"] {
                    try? tree.unlink(name)
                    try? tree.open(at: name, [.directory, .noFollow]).removeDirectory("inner")
                    try? tree.removeDirectory(name)
                }
                try? tree.makeDirectory("new")
                try? tree.open(at: "new", [.directory, .noFollow]).makeDirectory("inner")
                try? tree.rename("new", to: "a")
                try? tree.makeSymbolicLink("b", to: path)
                traps.add(1, ordering: .relaxed)
            }
        } during: {
            defer { stop.store(true, ordering: .relaxed) }
            while traps.load(ordering: .relaxed) < Torture.rounds(400) {
                // What "a" is changes all the time, so removing it may fail; the canary must live.
                _ = try? removeTree(at: tree, "a")
                guard try canary.contains("alive") else { break }
            }
        }
        #expect(try canary.names() == ["alive"], "after \(traps.load(ordering: .relaxed)) traps")
        try removeTree(at: scratch.directory, "tree")
        #expect(try scratch.directory.names() == ["canary"])
    }

    @Test func deepChainsNeedNoDescriptorsPerLevel() throws {
        let scratch = try Scratch()
        var place = try scratch.directory.makeAndOpenDirectory("tree")
        for _ in 0..<3_000 { place = try place.makeAndOpenDirectory("d") }
        let before = try Descriptor.open("/proc/self/fd", .directory).names().count
        #expect(try removeTree(at: scratch.directory, "tree") == 3_001)
        // Tests beside this one open some of their own.
        #expect(try Descriptor.open("/proc/self/fd", .directory).names().count < before + 1_000)
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
