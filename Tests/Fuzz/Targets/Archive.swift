import Archives
import Glibc
import LinuxSys
import OCISpec
import TestSupport

/// Images: a plain root, `docker save`, an OCI layout, each with layers by every compressor.
extension FuzzTarget {
    static let archive = FuzzTarget(
        name: "archive", sample: { samples.randomElement(using: &$0) ?? [] },
        words: ["ustar", "../", "/", ".wh.", ".wh..wh..opq", "path=", "GNU.sparse.map=", "\u{0}", "SCHILY.xattr.", "30 mtime=1e99\n"], repair: repair,
        prepare: {
            _ = samples.count
            ImageUnpacker.prepare()
            let place = ProcessContext.variable("BERTH_FUZZ_PLACE") ?? ""
            // Nothing that gets out of its directory is to meet anything of the machine.
            guard chdir(place) == 0, ProcessContext.effectiveUser != 0 || chroot(place) == 0 else { throw Violation("cannot enter '\(place)'") }
        }
    ) { bytes in
        let here = try Descriptor.open(".", [.readOnly, .directory])
        let layers = try here.makeAndOpenDirectory("layers", mode: 0o700)
        defer { _ = try? removeTree(at: here, "layers") }
        let file = try Descriptor.memoryFile("archive")
        try file.write(bytes)
        var limits = ImportLimits()
        (limits.unpackedBytes, limits.entries, limits.pathDepth) = (8 << 20, 500, 16)
        let request = ImportRequest(limits: limits, machine: DockerArchiveBuilder.machine, reference: nil)
        do {
            let image = try ImageUnpacker(archive: file, directory: layers, request: request).run()
            guard image.layers.allSatisfy({ $0.bytes <= limits.unpackedBytes && $0.entries <= limits.entries }) else {
                throw Violation("taken beyond the limits: \(image.layers)")
            }
        } catch {
            if error is Violation { throw error }
            try mustBeOneLine("\(error)")
            throw error
        }
    }

    /// Header blocks get their checksum, or hardly a changed one would be read.
    private static func repair(_ bytes: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            for index in start + 148..<start + 156 { bytes[index] = UInt8(ascii: " ") }
            let sum = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            for (index, digit) in (String(repeating: "0", count: max(0, 6 - sum.count)) + sum).utf8.enumerated() {
                bytes[start + 148 + index] = digit
            }
            bytes[start + 154] = 0
        }
    }

    private static let samples: [[UInt8]] = {
        let layer = TarBuilder.make {
            $0.directory("etc", mode: 0o755)
            $0.file("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:101:102::/:\n", uid: 7, gid: 8, pax: ["SCHILY.xattr.user.note": "kept"])
            $0.file("etc/group", "staff:x:50:web\n")
            $0.symbolicLink("link", to: "/../../etc/shadow")
            $0.hardLink("etc/second", to: "etc/passwd")
            $0.fifo("pipe")
            $0.file(".wh.gone")
            $0.file(String(repeating: "long/", count: 10) + String(repeating: "n", count: 120), "x")
            $0.sparseFile("sparse", length: 1 << 20)
        }
        let upper = TarBuilder.make {
            $0.file("etc/.wh..wh..opq")
            $0.file("etc/passwd", "web:x:7:7::/:\n")
        }
        let user = #"{"Env":["A=b"],"Cmd":["/bin/true"],"User":"web:staff"}"#
        var all = [layer, upper]
        for (tool, words) in [("gzip", ["-nc"]), ("zstd", ["-cq"]), ("xz", ["-c"])] {
            guard let packed = pack(tool, words, layer) else { continue }
            let config = DockerArchiveBuilder.config([layer, upper], execution: user)
            all.append(DockerArchiveBuilder.archive(layers: [layer, upper], stored: [packed, upper], config: config))
            all.append(layout(config: config, layers: [layer, upper], stored: [packed, upper]))
            all.append(packed)
            if let whole = pack(tool, words, all[all.count - 2]) { all.append(whole) }
        }
        return all
    }()

    private static func layout(config: String, layers: [[UInt8]], stored: [[UInt8]]) -> [UInt8] {
        func descriptor(_ blob: [UInt8], _ type: String) -> String {
            #"{"mediaType":"\#(type)","digest":"sha256:\#(DockerArchiveBuilder.hex(blob))","size":\#(blob.count)}"#
        }
        let config = Array(config.utf8)
        let blobs = stored.map { descriptor($0, "application/vnd.oci.image.layer.v1.tar+gzip") }.joined(separator: ",")
        let manifest = Array(
            #"{"schemaVersion":2,"config":\#(descriptor(config, "application/vnd.oci.image.config.v1+json")),"layers":[\#(blobs)]}"#.utf8)
        return TarBuilder.make {
            $0.file("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
            $0.file("index.json", #"{"schemaVersion":2,"manifests":[\#(descriptor(manifest, MediaType.manifest))]}"#)
            for blob in [config, manifest] + stored { $0.file("blobs/sha256/" + DockerArchiveBuilder.hex(blob), bytes: blob) }
        }
    }

    private static func pack(_ tool: String, _ words: [String], _ bytes: [UInt8]) -> [UInt8]? {
        guard let (input, output) = try? (Descriptor.memoryFile("in"), Descriptor.memoryFile("out")), (try? input.write(bytes)) != nil,
            (try? input.seek(to: 0)) != nil
        else { return nil }
        let spawn = Spawn(
            path: "/usr/bin/\(tool)", arguments: [tool] + words, environment: ["PATH": "/usr/bin:/bin"], descriptors: [0: input, 1: output])
        guard (try? spawn.run().wait()) == .exited(0) else { return nil }
        return try? output.readFully(1 << 20, at: 0)
    }
}
