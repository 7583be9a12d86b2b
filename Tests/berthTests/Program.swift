import LinuxSys
import TestSupport

/// The built program beside the tests, against a server whose answers the test writes.
struct Program {
    struct Ended {
        var status: Int32
        var output: String
        var error: String
    }

    static let path: String = {
        let own = (try? readLink("/proc/self/exe")) ?? ""
        return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/berth"
    }()

    let process: ProcessHandle
    let output: Descriptor
    private let error: Descriptor

    init(_ server: FakeServer, _ words: [String], input: Descriptor? = nil) throws {
        let (output, outputEnd) = try Descriptor.pipe()
        let (error, errorEnd) = try Descriptor.pipe()
        (self.output, self.error) = (output, error)
        let spawn = Spawn(
            path: Self.path, arguments: ["berth"] + words, environment: ["BERTH_SOCKET": server.path],
            descriptors: [0: try input ?? Descriptor.open("/dev/null"), 1: outputEnd, 2: errorEnd])
        process = try spawn.run()
        outputEnd.close()
        errorEnd.close()
    }

    /// Output and error are short here: neither pipe fills up while the other is read.
    func end() throws -> Ended {
        let (text, errors) = (try output.readText(), try error.readText())
        return Ended(status: try process.wait()?.shellStatus ?? -1, output: text, error: errors)
    }
}

extension Program {
    /// Reads output until it has the text, which is consumed.
    func waitForOutput(_ text: String) throws {
        var got = ""
        while !got.hasSuffix(text) {
            let part = try output.read(upTo: 1)
            guard !part.isEmpty else { throw Ended(status: -1, output: got, error: "output ended before '\(text)'") }
            got += String(decoding: part, as: UTF8.self)
        }
    }
}

extension Program.Ended: Error {}
