internal import Archives
internal import ArgumentParser
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// Unpacks an image archive: descriptor 3 is the archive, 4 the directory for the layers, 5 the socket to the daemon (see `ImportRequest`).
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "import", abstract: "Unpack an image archive.")

    @Argument(help: "The request in JSON.")
    var request: String

    func run() throws {
        let socket = Descriptor(borrowing: 5)
        do {
            let request = try JSONDecoder().decode(ImportRequest.self, from: Data(request.utf8))
            guard request.version == ImportRequest.version else {
                throw ArchiveError("the daemon speaks version \(request.version) to its helper")
            }
            let filter = try SandboxFilter.compile(SandboxFilter.importing)
            ImageUnpacker.prepare()
            try Sandbox.enter(socket: socket, limits: request.limits, filter: filter)
            let unpacker = ImageUnpacker(archive: Descriptor(borrowing: 3), directory: Descriptor(borrowing: 4), request: request)
            try Self.send(ImportReport(image: try unpacker.run()), to: socket)
        } catch {
            try Self.send(ImportReport(refusal: "\(error)"), to: socket)
        }
    }

    private static func send(_ report: ImportReport, to socket: Descriptor) throws {
        let bytes = Array(try JSONEncoder().encode(report))
        guard bytes.count <= ImportReport.sizeLimit else {
            return try send(ImportReport(refusal: "archive: its report is too long"), to: socket)
        }
        try socket.write(bytes)
    }
}
