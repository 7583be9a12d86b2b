import Archives
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

/// One hostile entry, and what its refusal has to say beside the entry's name.
struct HostileArchive: CustomTestStringConvertible, Sendable {
    let name: String
    let entry: String
    let reason: String
    let bytes: [UInt8]
    var limits = ImportLimits()

    var testDescription: String { name }

    init(_ name: String, entry: String, _ reason: String, limits: ImportLimits = ImportLimits(), _ build: (inout TarBuilder) -> Void) {
        self.name = name
        self.entry = entry
        self.reason = reason
        self.limits = limits
        bytes = TarBuilder.make {
            $0.directory("harmless")
            build(&$0)
        }
    }

    static let small = ImportLimits(unpackedBytes: 1 << 20, entries: 50, pathDepth: 16)

    static let corpus: [HostileArchive] = [
        HostileArchive("climbing name", entry: "../evil", #"contains "..""#) { $0.file("../evil") },
        HostileArchive("climbing in the middle", entry: "harmless/../../evil", #"contains "..""#) { $0.file("harmless/../../evil") },
        HostileArchive("climbing directory", entry: "..", #"contains "..""#) { $0.directory("..") },
        HostileArchive("absolute name", entry: "/etc/evil", "is absolute") { $0.file("/etc/evil") },
        HostileArchive("absolute directory", entry: "//tmp/evil", "is absolute") { $0.directory("//tmp/evil") },
        HostileArchive("climbing by pax", entry: "../pax", #"contains "..""#) { $0.file("x", "", pax: ["path": "../pax"]) },
        HostileArchive("file through a link", entry: "out/evil", "symbolic link") {
            $0.symbolicLink("out", to: "/tmp")
            $0.file("out/evil")
        },
        HostileArchive("file through a link further up", entry: "harmless/a/b/evil", "symbolic link") {
            $0.symbolicLink("harmless/a", to: "../..")
            $0.file("harmless/a/b/evil")
        },
        HostileArchive("directory in the place of a link", entry: "out", "is a symbolic link") {
            $0.symbolicLink("out", to: "/tmp")
            $0.directory("out", mode: 0o777)
        },
        HostileArchive("file in the place of a link", entry: "out", "listed twice") {
            $0.symbolicLink("out", to: "/tmp/berth-evil")
            $0.file("out", "x")
        },
        HostileArchive("link through a link", entry: "out/l", "symbolic link") {
            $0.symbolicLink("out", to: "/tmp")
            $0.symbolicLink("out/l", to: "x")
        },
        HostileArchive("hard link outside", entry: "l", "is absolute") { $0.hardLink("l", to: "/etc/passwd") },
        HostileArchive("climbing hard link", entry: "l", #"contains "..""#) { $0.hardLink("l", to: "../../etc/passwd") },
        HostileArchive("hard link through a link", entry: "l", "symbolic link") {
            $0.symbolicLink("etc", to: "/etc")
            $0.hardLink("l", to: "etc/passwd")
        },
        HostileArchive("hard link to nothing", entry: "l", "is not in this layer") { $0.hardLink("l", to: "nothing") },
        HostileArchive("hard link to a directory", entry: "l", "is no file") { $0.hardLink("l", to: "harmless") },
        HostileArchive("hard link to a whiteout", entry: "l", "is no file") {
            $0.file(".wh.gone")
            $0.hardLink("l", to: "gone")
        },
        HostileArchive("whiteout of nothing", entry: ".wh.", "whiteout of \"\"") { $0.file(".wh.") },
        HostileArchive("whiteout of the root", entry: "harmless/.wh..", "whiteout of \".\"") { $0.file("harmless/.wh..") },
        HostileArchive("whiteout that climbs", entry: "harmless/.wh...", "whiteout of \"..\"") { $0.file("harmless/.wh...") },
        HostileArchive("whiteout with a slash", entry: ".wh.a/../../b", #"contains "..""#) { $0.file(".wh.a/../../b") },
        HostileArchive("below a whiteout", entry: ".wh.a/b", "below the whiteout") { $0.file(".wh.a/b") },
        HostileArchive("whiteout that is a link", entry: ".wh.a", "no plain file") { $0.symbolicLink(".wh.a", to: "/etc") },
        HostileArchive("whiteout through a link", entry: "out/.wh.x", "symbolic link") {
            $0.symbolicLink("out", to: "/tmp")
            $0.file("out/.wh.x")
        },
        HostileArchive("opaque through a link", entry: "out/in/.wh..wh..opq", "symbolic link") {
            $0.symbolicLink("out", to: "/tmp")
            $0.file("out/in/.wh..wh..opq")
        },
        HostileArchive("character device", entry: "dev/mem", "a character device") { $0.characterDevice("dev/mem") },
        HostileArchive("block device", entry: "dev/sda", "a block device") { $0.blockDevice("dev/sda") },
        HostileArchive("file bomb", entry: "bomb", "unpacks to", limits: small) {
            $0.file("bomb", bytes: [UInt8](repeating: 0, count: 2 << 20))
        },
        HostileArchive("sparse bomb", entry: "bomb", "unpacks to", limits: small) { $0.sparseFile("bomb", length: 1 << 45) },
        HostileArchive("many files", entry: "f49", "one entry too many", limits: small) { for n in 0..<100 { $0.file("f\(n)") } },
        HostileArchive("deep path", entry: String(repeating: "d/", count: 40) + "x", "components", limits: small) {
            $0.file(String(repeating: "d/", count: 40) + "x")
        },
        HostileArchive("owner beyond the slot", entry: "f", "belongs to 65536:0") { $0.file("f", uid: 65_536) },
        HostileArchive("owner that overflows", entry: "f", "belongs to") { $0.file("f", uid: 1 << 32) },
        HostileArchive("group beyond the slot", entry: "f", "belongs to 0:4294967295") { $0.file("f", gid: 4_294_967_295) },
        HostileArchive("file listed twice", entry: "./f", "listed twice") {
            $0.file("f", "1")
            $0.file("./f", "2")
        },
        HostileArchive("directory over file", entry: "f", "was listed before") {
            $0.file("f")
            $0.directory("f")
        },
        HostileArchive("file over directory", entry: "harmless", "listed twice") { $0.file("harmless") },
        HostileArchive("below a file", entry: "f/x", "was listed before") {
            $0.file("f")
            $0.file("f/x")
        },
    ]
}

@Suite("Hostile archives", .enabled(if: isRoot, "needs root"))
struct HostileArchiveTests {
    @Test(arguments: HostileArchive.corpus)
    func isRefusedByName(_ archive: HostileArchive) throws {
        let place = try Workplace()
        let line = place.refusal(archive.bytes, limits: archive.limits)
        #expect(line.contains("entry \(ArchiveError.quoted(archive.entry))"), "\(line)")
        #expect(line.contains(archive.reason), "\(line)")
        #expect(!line.contains("\n"))
        #expect(try !Descriptor.open("/tmp", .directory).contains("evil"))
    }

    @Test func theSameInALayerNamesTheLayerToo() throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("../evil") }
        let line = place.refusal(DockerArchiveBuilder.archive(layers: [layer]))
        #expect(line.contains(#"entry "../evil""#) && line.contains(#"in layer "l0/layer.tar""#), "\(line)")
    }

    @Test func aNameThatIsNotTextIsRefusedByItsNumber() throws {
        let place = try Workplace()
        var bytes = TarBuilder.make { $0.file("xx") }
        // 0xFF is in no UTF-8; the checksum is the sum of the header's bytes.
        bytes[0] = 0xFF
        let sum = 0xFF - Int(UInt8(ascii: "x")) + (Int(String(decoding: bytes[148..<154], as: UTF8.self), radix: 8) ?? 0)
        let text = String(sum, radix: 8)
        for (index, byte) in (String(repeating: "0", count: 6 - text.count) + text).utf8.enumerated() { bytes[148 + index] = byte }
        #expect(place.refusal(bytes).contains(##"entry "#1": its name is not UTF-8"##))
    }

    @Test func wrongDigestIsRefused() throws {
        let place = try Workplace()
        let (good, bad) = (TarBuilder.make { $0.file("x", "1") }, TarBuilder.make { $0.file("x", "2") })
        let line = place.refusal(DockerArchiveBuilder.archive(layers: [good], stored: [bad]))
        #expect(line.contains(#"entry "l0/layer.tar": its digest is sha256:\#(DockerArchiveBuilder.hex(bad))"#), "\(line)")
        #expect(line.contains(DockerArchiveBuilder.hex(good)))
    }

    @Test func bytesAfterTheEndOfTheTarCountForTheDigest() throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x", "1") }
        let line = place.refusal(DockerArchiveBuilder.archive(layers: [layer], stored: [layer + [1, 2, 3]]))
        #expect(line.contains("its digest is"), "\(line)")
        #expect(try Workplace().unpack(DockerArchiveBuilder.archive(layers: [layer + [1, 2, 3]])).layers.count == 1)
    }

    @Test func compressionBombStopsAtTheLimit() throws {
        let place = try Workplace()
        // Zeros after the end of the tar: no entry, but 64 MiB of stream.
        let bomb = try place.run("gzip", ["-c"], TarBuilder.make { $0.file("x") } + [UInt8](repeating: 0, count: 64 << 20))
        let line = place.refusal(bomb, limits: ImportLimits(unpackedBytes: 1 << 20, entries: 100, pathDepth: 16))
        #expect(line.contains("unpacks to more than"), "\(line)")
    }

    @Test func archiveBeyondItsLimitIsRefused() throws {
        let place = try Workplace()
        var limits = ImportLimits()
        limits.archiveBytes = 1000
        #expect(place.refusal(TarBuilder.make { $0.file("x") }, limits: limits).contains("accepted are at most 1000"))
    }

    @Test(arguments: ["config.json", "l0/layer.tar"])
    func whatTheManifestNamesHasToBeThere(missing: String) throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x") }
        let archive = TarBuilder.make {
            if missing != "l0/layer.tar" { $0.file("l0/layer.tar", bytes: layer) }
            if missing != "config.json" { $0.file("config.json", DockerArchiveBuilder.config([layer])) }
            $0.file("manifest.json", #"[{"Config":"config.json","RepoTags":null,"Layers":["l0/layer.tar"]}]"#)
        }
        #expect(place.refusal(archive).contains("entry \"\(missing)\": is named by the manifest and not in the archive"))
    }

    @Test(arguments: [
        (#"{"User":"2147483648"}"#, "config.User"), (#"{"User":"0:-1"}"#, "config.User"), (#"{"User":"../x"}"#, "config.User"),
        (#"{"WorkingDir":"/proc/self/fd/7"}"#, "config.WorkingDir"), (#"{"WorkingDir":"../.."}"#, "config.WorkingDir"),
        (#"{"Volumes":{"/a/../../etc":{}}}"#, "config.Volumes"), (#"{"Env":["NOEQUALS"]}"#, "config.Env"),
        (#"{"StopSignal":"99"}"#, "config.StopSignal"),
        (#"{"Env":["A=\u0000"]}"#, "config.Env"), (#"{"Cmd":[1]}"#, "config.Cmd"),
    ])
    func hostileConfigIsRefused(execution: String, field: String) throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x") }
        let line = place.refusal(
            DockerArchiveBuilder.archive(layers: [layer], config: DockerArchiveBuilder.config([layer], execution: execution)))
        #expect(line.contains("entry \"config.json\"") && line.contains(field), "\(line)")
    }

    @Test func anotherMachinesImageIsRefused() throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x") }
        let config = DockerArchiveBuilder.config([layer]).replacing(DockerArchiveBuilder.machine, with: "s390x")
        #expect(place.refusal(DockerArchiveBuilder.archive(layers: [layer], config: config)).contains("architecture: found s390x"))
    }

    @Test func linesOfHostileNamesAreHarmless() {
        let line = ArchiveError(entry: "a\u{1B}[2J\nb", "x").description
        #expect(line == #"archive entry "a\u{1b}[2J\u{a}b": x"#)
        #expect(ArchiveError(entry: String(repeating: "é", count: 10_000), "x").description.utf8.count < 1000)
    }

    /// Wherever an archive is cut or a byte is changed, it is accepted or refused with one line; it never crashes or writes elsewhere.
    @Test func cutAndChangedArchives() throws {
        let layer = TarBuilder.make {
            $0.directory("d")
            $0.file("d/f", String(repeating: "x", count: 3000))
            $0.hardLink("d/h", to: "d/f")
            $0.file("d/.wh.gone")
            $0.sparseFile("s", length: 1 << 20)
        }
        let archive = DockerArchiveBuilder.archive(layers: [layer])
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let place = try Workplace()
            var bytes = archive
            if round % 2 == 0 {
                bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
            } else {
                for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            }
            let limits = ImportLimits(unpackedBytes: 16 << 20, entries: 100, pathDepth: 16)
            let line = place.refusal(bytes, limits: limits)
            #expect(!line.contains("\n"), "seed \(seed) round \(round): \(line)")
            #expect(try place.directory.names().filter { $0.count != 36 } == ["layers"], "seed \(seed) round \(round)")
        }
    }
}
