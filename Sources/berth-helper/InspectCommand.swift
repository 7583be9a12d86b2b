internal import API
internal import ArgumentParser
internal import FoundationEssentials
internal import Inspection
internal import LinuxSys

/// Looks at a frozen job: descriptor 3 is its group's `cgroup.procs`, 4 the socket to the daemon, 5 the core's pipe (see `InspectOrder`).
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Look at the processes of a frozen job.")

    @Argument(help: "The order in JSON.")
    var order: String

    func run() throws {
        let socket = Descriptor(borrowing: 4)
        var line = InspectLine()
        do {
            let order = try JSONDecoder().decode(InspectOrder.self, from: Data(order.utf8))
            guard order.version == InspectOrder.version else {
                throw InspectRefusal("the daemon speaks version \(order.version) to its helper")
            }
            let place = try InspectSandbox.enter()
            var inspector = Inspector(order, proc: place.proc, members: Descriptor(borrowing: 3)) { try Self.send($0, to: socket) }
            try inspector.look()
            // No word means that the daemon is gone.
            let word = try socket.read(upTo: 64)
            guard !word.isEmpty else { return }
            if order.core {
                try inspector.writeCore(to: Descriptor(borrowing: 5), systems: place.systems, isFrozen: word.starts(with: "frozen".utf8))
            } else {
                try inspector.read()
            }
            line.done = true
        } catch {
            line.refusal = "\(error)"
        }
        try Self.send(line, to: socket)
    }

    private static func send(_ line: InspectLine, to socket: Descriptor) throws {
        try socket.write(Array(try JSONEncoder().encode(line)) + [10])
    }
}
