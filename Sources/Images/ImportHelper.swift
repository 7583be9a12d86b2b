internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// Runs `berth-helper import` over one archive and gives what it reports (see `ImportRequest` for the talk).
struct ImportHelper: Sendable {
    let path: String
    let request: ImportRequest

    /// Ids that an image may use.
    static let ids: UInt32 = 65_536

    /// Blocks until the helper is gone. What it wrote stays in `layers`.
    func run(archive: Descriptor, layers: Descriptor, base: UInt32) throws(ImageError) -> UnpackedImage {
        let deadline = Deadline(seconds: request.limits.wallSeconds)
        let (ours, theirs) = try onHost { () throws(SystemError) in try Descriptor.socketPair(.stream) }
        guard let json = try? JSONEncoder().encode(request) else { throw .host("encode import request: internal error") }
        let process = try onHost { () throws(SystemError) in
            try Spawn(
                path: path, arguments: ["berth-helper", "import", String(decoding: json, as: UTF8.self)],
                environment: ["LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"], descriptors: [3: archive, 4: layers, 5: theirs],
                newSession: true
            ).run()
        }
        theirs.close()
        let result = Result { () throws(ImageError) in try talk(process, ours, base, deadline) }
        // It has nothing more to say: a report ends with the helper's end.
        try? process.signal(9)
        let end = try onHost { () throws(SystemError) in try process.wait() }
        let bytes = try result.get()
        guard !bytes.isEmpty else {
            throw .refused("archive: the helper ended without a report (\(Self.text(end))), over its limits of memory or time")
        }
        return try decode(bytes)
    }

    /// Both sides of the talk, up to the report.
    private func talk(
        _ process: ProcessHandle, _ socket: Descriptor, _ base: UInt32, _ deadline: Deadline
    ) throws(ImageError) -> [UInt8] {
        let greeting = try read(socket, limit: 1 << 16, deadline) { $0.last == UInt8(ascii: "\n") }
        guard String(decoding: greeting, as: UTF8.self) == "namespaces\n" else {
            return greeting
        }
        try onHost { () throws(SystemError) in
            let line = IDMapExtent(inside: 0, outside: base, count: Self.ids).line
            // The helper is our child and not reaped, so the number is still its own.
            for file in ["uid_map", "gid_map"] {
                let map = try Descriptor.open("/proc/\(process.pid)/\(file)", .writeOnly)
                do throws(SystemError) { try map.write(line) } catch {
                    throw SystemError("write \(file) of", "the helper", errno: error.errno)
                }
            }
            try socket.write("mapped\n")
        }
        return try read(socket, limit: ImportReport.sizeLimit, deadline) { _ in false }
    }

    private func read(
        _ socket: Descriptor, limit: Int, _ deadline: Deadline, until isComplete: ([UInt8]) -> Bool
    ) throws(ImageError) -> [UInt8] {
        var bytes: [UInt8] = []
        while !isComplete(bytes) {
            let ready = try onHost { () throws(SystemError) in try poll(socket, for: .readable, milliseconds: deadline.milliseconds) }
            guard !ready.isEmpty else { throw .refused("archive: takes longer than \(request.limits.wallSeconds) s, accepted is less") }
            let part = try onHost { () throws(SystemError) in try socket.read(upTo: min(1 << 16, limit - bytes.count + 1)) }
            if part.isEmpty { break }
            bytes += part
            guard bytes.count <= limit else { throw .refused("archive: the report has more than \(limit) bytes") }
        }
        return bytes
    }

    /// The report is the helper's word and not believed: digests, counts and paths are checked here, the rest where it is used.
    private func decode(_ bytes: [UInt8]) throws(ImageError) -> UnpackedImage {
        var image = try readReport(bytes)
        image.reference = image.reference.map { Self.plain(String($0.prefix(256))) }
        do throws(ImageConfigError) { try image.config.check(machine: request.machine) } catch {
            throw .refused(Self.plain("archive: \(error)"))
        }

        let digests = Set(image.layers.map(\.diffID))
        guard (1...ImageConfig.Bounds.layers).contains(image.layers.count), digests.count == image.layers.count else {
            throw .refused(
                "archive: the helper reports \(image.layers.count) layers, accepted are 1 to \(ImageConfig.Bounds.layers), each once")
        }
        let bytes = image.layers.reduce(UInt64(0)) { $0 &+ $1.bytes }
        guard bytes <= request.limits.unpackedBytes, image.layers.allSatisfy({ $0.entries >= 0 && $0.bytes <= bytes }) else {
            throw .refused("archive: the helper reports \(bytes) bytes, accepted are at most \(request.limits.unpackedBytes)")
        }
        return image
    }

    private func readReport(_ bytes: [UInt8]) throws(ImageError) -> UnpackedImage {
        guard let report = try? JSONDecoder().decode(ImportReport.self, from: Data(bytes)), report.version == ImportRequest.version else {
            throw .refused("archive: the helper's report cannot be read: \(Self.plain(String(decoding: bytes.prefix(200), as: UTF8.self)))")
        }
        guard let image = report.image else { throw .refused(Self.plain(String((report.refusal ?? "archive: refused").prefix(2000)))) }
        return image
    }

    /// Control bytes would act on the terminal that shows the line.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }))
    }

    private static func text(_ end: ProcessEnd?) -> String {
        switch end {
        case .exited(let code): "status \(code)"
        case .killed(let signal, _): "signal \(signal)"
        case nil: "unknown"
        }
    }
}

/// A moment on the boot clock.
private struct Deadline {
    private let end: ContinuousClock.Instant

    init(seconds: UInt64) { end = .now + .seconds(Int64(min(seconds, 1 << 30))) }

    var milliseconds: Int32 {
        let left = (end - .now) / .milliseconds(1)
        return Int32(min(max(left, 0), 1_000_000))
    }
}
