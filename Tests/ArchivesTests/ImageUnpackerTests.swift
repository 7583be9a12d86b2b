import Archives
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

@Suite("Unpacking images", .enabled(if: isRoot, "needs root"))
struct ImageUnpackerTests {
    @Test func aPlainRootComesOutAsItWasPacked() throws {
        let place = try Workplace()
        let tar = TarBuilder.make {
            $0.directory("./", mode: 0o755)
            $0.directory("./etc", mode: 0o750, uid: 1, gid: 2, modified: 1234)
            $0.file("./etc/passwd", "root:x:0:0\n", mode: 0o600, uid: 7, gid: 8, modified: 5678, pax: ["SCHILY.xattr.user.note": "kept"])
            $0.file("./su", "#", mode: 0o4755)
            $0.symbolicLink("./link", to: "/../../etc/shadow")
            $0.hardLink("./etc/second", to: "./etc/passwd")
            $0.fifo("./pipe")
        }
        let image = try place.unpack(tar)
        #expect(image.format == .root)
        #expect(image.layers.map(\.diffID) == [DockerArchiveBuilder.digest(tar)])
        #expect(image.layers.first?.entries == 7)
        let root = try place.layers.open(at: "0", .directory)
        let directory = try root.status(at: "etc")
        #expect(
            directory.permissions == 0o750 && directory.uid == 1 && directory.gid == 2
                && directory.modifiedNanoseconds == 1234 * 1_000_000_000)
        let file = try root.status(at: "etc/passwd")
        #expect(file.permissions == 0o600 && file.uid == 7 && file.gid == 8 && file.modifiedNanoseconds == 5678 * 1_000_000_000)
        #expect(try root.status(at: "etc/second").isSameFile(as: file))
        #expect(try place.text("0/etc/passwd") == "root:x:0:0\n")
        #expect(try root.open(at: "etc/passwd").extendedAttribute("user.note") == Array("kept".utf8))
        #expect(try root.status(at: "su").permissions == 0o4755)
        #expect(try root.readLink("link") == "/../../etc/shadow")
        #expect(try root.status(at: "pipe").kind == .fifo)
    }

    /// Those of the compressors that the machine has; gzip is always there.
    static let compressors = [("gzip", ["-c"]), ("zstd", ["-c", "-q"]), ("xz", ["-c"])].filter {
        (try? Descriptor.open("/usr/bin/\($0.0)", .path)) != nil
    }

    @Test(arguments: compressors)
    func compressedArchivesAndLayersHaveTheDigestOfTheTar(tool: String, arguments: [String]) throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("hello", "world") }
        let packed = try place.run(tool, arguments, layer)
        let archive = DockerArchiveBuilder.archive(layers: [layer], stored: [packed])
        let image = try place.unpack(try place.run(tool, arguments, archive))
        #expect(image.format == .docker)
        #expect(image.layers.map(\.diffID) == [DockerArchiveBuilder.digest(layer)])
        #expect(try place.text("0/hello") == "world")
    }

    @Test(arguments: [true, false])
    func dockerArchiveWithWhiteouts(manifestLast: Bool) throws {
        let place = try Workplace()
        let lower = TarBuilder.make {
            $0.directory("a")
            $0.file("a/gone", "1")
            $0.directory("b")
            $0.file("b/hidden", "2")
        }
        let upper = TarBuilder.make {
            $0.file("a/.wh.gone")
            $0.directory("b")
            $0.file("b/.wh..wh..opq")
            $0.file("b/new", "3")
        }
        let execution =
            #"{"User":"1000:users","Env":["A=b","PATH=/x"],"Entrypoint":["/run"],"Cmd":null,"WorkingDir":"/srv/./x","StopSignal":"SIGQUIT"}"#
        let config = DockerArchiveBuilder.config([lower, upper], execution: execution)
        let image = try place.unpack(DockerArchiveBuilder.archive(layers: [lower, upper], config: config, manifestLast: manifestLast))
        #expect(image.id == DockerArchiveBuilder.digest(Array(config.utf8)))
        #expect(image.layers.map(\.diffID) == [lower, upper].map(DockerArchiveBuilder.digest))
        #expect(image.layers.map(\.opaqueDirectories) == [[], ["b"]])
        #expect(image.reference == "test:1")
        #expect(image.config.entrypoint == ["/run"] && image.config.command == [] && image.config.environment == ["A=b", "PATH=/x"])
        #expect(image.config.user == ImageUser("1000:users") && image.config.workingDirectory == "/srv/x" && image.config.stopSignal == 3)
        let whiteout = try place.layers.status(at: "1/a/gone")
        #expect(whiteout.kind == .characterDevice && whiteout.specialDevice == DeviceNumber(major: 0, minor: 0))
        #expect(try place.layers.open(at: "1/b", .directory).names() == ["new"])
    }

    @Test func whiteoutsActOnLowerLayersOnly() throws {
        let place = try Workplace()
        let layer = TarBuilder.make {
            // The file of this layer wins, whichever comes first; a directory in the place of a whiteout hides what was below.
            $0.file("first", "kept")
            $0.file(".wh.first")
            $0.file(".wh.second")
            $0.file("second", "kept")
            $0.file(".wh.dir")
            $0.directory("dir")
            $0.file(".wh.implied")
            $0.file("implied/file", "x")
            $0.directory("later")
            $0.file(".wh.later")
            $0.file(".wh..wh.plnk")
        }
        let image = try place.unpack(DockerArchiveBuilder.archive(layers: [layer]))
        #expect(try place.text("0/first") == "kept")
        #expect(try place.text("0/second") == "kept")
        #expect(image.layers.first?.opaqueDirectories == ["dir", "implied", "later"])
        #expect(try place.layers.open(at: "0", .directory).names() == ["dir", "first", "implied", "later", "second"])
    }

    @Test func aLayerThatRepeatsIsUnpackedOnceInItsHighestPlace() throws {
        let place = try Workplace()
        let same = TarBuilder.make { $0.file("x", "same") }
        let other = TarBuilder.make { $0.file("x", "other") }
        let image = try place.unpack(DockerArchiveBuilder.archive(layers: [same, other, same]))
        #expect(image.layers.map(\.diffID) == [other, same].map(DockerArchiveBuilder.digest))
        #expect(try place.text("1/x") == "same")
    }

    @Test func oneOfTwoEqualLayersMayBeALinkToTheOther() throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x", "same") }
        let archive = TarBuilder.make {
            $0.file("blobs/one", bytes: layer)
            $0.symbolicLink("two/layer.tar", to: "../blobs/one")
            $0.file("c.json", DockerArchiveBuilder.config([layer]))
            $0.file("manifest.json", #"[{"Config":"c.json","RepoTags":null,"Layers":["two/layer.tar"]}]"#)
        }
        #expect(try place.unpack(archive).layers.count == 1)
    }

    @Test func oneImageOfSeveralIsChosenByItsTag() throws {
        let place = try Workplace()
        let layers = [TarBuilder.make { $0.file("x", "1") }, TarBuilder.make { $0.file("x", "2") }]
        let archive = TarBuilder.make {
            for (index, layer) in layers.enumerated() {
                $0.file("\(index).tar", bytes: layer)
                $0.file("\(index).json", DockerArchiveBuilder.config([layer]))
            }
            $0.file(
                "manifest.json",
                #"[{"Config":"0.json","RepoTags":["a:1"],"Layers":["0.tar"]},{"Config":"1.json","RepoTags":["b:1"],"Layers":["1.tar"]}]"#)
        }
        #expect(place.refusal(archive).contains("holds 2 images"))
        #expect(place.refusal(archive, reference: "c:1").contains(#"holds no image "c:1"; it holds "a:1", "b:1""#))
        #expect(try place.unpack(archive, reference: "b:1").layers.map(\.diffID) == [DockerArchiveBuilder.digest(layers[1])])
    }

    @Test func ociLayoutIsReadThroughItsIndex() throws {
        let place = try Workplace()
        let layer = TarBuilder.make { $0.file("x", "1") }
        let stored = try place.run("gzip", ["-c"], layer)
        let config = Array(DockerArchiveBuilder.config([layer]).utf8)
        func descriptor(_ bytes: [UInt8], _ type: String, _ more: String = "") -> String {
            #"{"mediaType":"\#(type)","digest":"sha256:\#(DockerArchiveBuilder.hex(bytes))","size":\#(bytes.count)\#(more)}"#
        }
        let manifest = Array(
            #"{"schemaVersion":2,"config":\#(descriptor(config, MediaType.config)),"layers":[\#(descriptor(stored, MediaType.layer + "+gzip"))]}"#
                .utf8)
        let platform = #","platform":{"architecture":"\#(DockerArchiveBuilder.machine)","os":"linux"}"#
        let inner = Array(#"{"schemaVersion":2,"manifests":[\#(descriptor(manifest, MediaType.manifest, platform))]}"#.utf8)
        let name = #","annotations":{"org.opencontainers.image.ref.name":"v1"}"#
        let index = #"{"schemaVersion":2,"manifests":[\#(descriptor(inner, MediaType.index, name))]}"#
        let archive = TarBuilder.make {
            $0.file("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
            $0.file("index.json", index)
            for blob in [config, stored, manifest, inner] { $0.file("blobs/sha256/" + DockerArchiveBuilder.hex(blob), bytes: blob) }
        }
        let image = try place.unpack(archive)
        #expect(image.format == .layout && image.reference == "v1" && image.id == DockerArchiveBuilder.digest(config))
        #expect(image.layers.map(\.diffID) == [DockerArchiveBuilder.digest(layer)])
    }

    @Test func sparseFilesKeepTheirHolesAndLength() throws {
        let place = try Workplace()
        _ = try place.unpack(TarBuilder.make { $0.sparseFile("big", length: 8 << 20) })
        let status = try place.layers.status(at: "0/big")
        #expect(status.size == 8 << 20)
        #expect(status.allocatedBytes < 1 << 20)
        #expect(try place.layers.open(at: "0/big").readFully(2, at: (8 << 20) - 2) == [0, UInt8(ascii: "x")])
    }

    /// `User: nginx`: the names are the image's own, as its layers together show them; the daemon gets numbers.
    @Test(
        arguments: [
            ("web", "101:102"), ("web:staff", "101:50"), ("7:staff", "7:50"), ("101", "101:102"), ("7", "7"), ("old", "old"),
            ("web:nobody", "web:nobody|101:nobody"), ("broken", "broken"), ("huge", "huge"), ("9:9", "9:9"),
        ])
    func namesOfUsersBecomeNumbers(user: String, expected: String) throws {
        let place = try Workplace()
        let lower = TarBuilder.make {
            $0.directory("etc")
            $0.file("etc/passwd", "root:x:0:0\nold:x:5:5::/:\n")
            $0.file("etc/group", "root:x:0:\nstaff:x:50:\n")
        }
        let upper = TarBuilder.make {
            $0.directory("etc")
            $0.file("etc/passwd", "root:x:0:0\nbroken:x\nhuge:x:99999999999:1::/:\nweb:x:101:102:Web:/srv:/bin/false\n")
        }
        let config = DockerArchiveBuilder.config([lower, upper], execution: #"{"Cmd":["/bin/true"],"User":"\#(user)"}"#)
        let image = try place.unpack(DockerArchiveBuilder.archive(layers: [lower, upper], config: config))
        #expect(expected.split(separator: "|").map(String.init).contains(image.config.user?.description ?? "-"))
    }

    /// A layer may say that the file is gone, or make it something that must not be opened or followed.
    @Test(arguments: ["hidden", "opaque", "link", "fifo", "directory link"])
    func onlyAPlainFileOfTheImageNamesUsers(kind: String) throws {
        let place = try Workplace()
        let lower = TarBuilder.make {
            $0.directory("etc")
            $0.file("etc/passwd", "web:x:101:102::/:\n")
        }
        let upper = TarBuilder.make {
            switch kind {
            case "hidden": $0.file("etc/.wh.passwd")
            case "opaque":
                $0.directory("etc")
                $0.file("etc/.wh..wh..opq")
            case "link": $0.symbolicLink("etc/passwd", to: "/etc/shadow")
            case "fifo": $0.fifo("etc/passwd")
            default: $0.symbolicLink("etc", to: "/proc")
            }
        }
        let config = DockerArchiveBuilder.config([lower, upper], execution: #"{"Cmd":["/bin/true"],"User":"web"}"#)
        let image = try place.unpack(DockerArchiveBuilder.archive(layers: [lower, upper], config: config))
        #expect(image.config.user?.description == "web")
    }
}
