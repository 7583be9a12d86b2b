import Crypto
public import OCISpec

/// Writes tar archives byte by byte (POSIX pax), the bad ones included that no tool would write.
public struct TarBuilder {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func directory(_ name: String, mode: Int = 0o755, uid: Int = 0, gid: Int = 0, modified: Int = 1_000_000) {
        header(name, type: "5", mode: mode, uid: uid, gid: gid, modified: modified)
    }

    public mutating func file(
        _ name: String, _ content: String = "", mode: Int = 0o644, uid: Int = 0, gid: Int = 0, modified: Int = 1_000_000,
        pax: [String: String] = [:]
    ) {
        file(name, bytes: Array(content.utf8), mode: mode, uid: uid, gid: gid, modified: modified, pax: pax)
    }

    public mutating func file(
        _ name: String, bytes content: [UInt8], mode: Int = 0o644, uid: Int = 0, gid: Int = 0, modified: Int = 1_000_000,
        pax: [String: String] = [:]
    ) {
        header(name, type: "0", mode: mode, uid: uid, gid: gid, size: content.count, modified: modified, pax: pax)
        body(content)
    }

    public mutating func symbolicLink(_ name: String, to target: String) { header(name, type: "2", mode: 0o777, link: target) }
    public mutating func hardLink(_ name: String, to target: String) { header(name, type: "1", mode: 0o644, link: target) }
    public mutating func fifo(_ name: String) { header(name, type: "6", mode: 0o644) }
    public mutating func characterDevice(_ name: String) { header(name, type: "3", mode: 0o666) }
    public mutating func blockDevice(_ name: String) { header(name, type: "4", mode: 0o666) }

    /// A file whose header promises more than follows.
    public mutating func truncatedFile(_ name: String, size: Int) {
        header(name, type: "0", mode: 0o644, size: size)
        bytes += [UInt8](repeating: 65, count: 512)
    }

    /// GNU's sparse file of a length, with one byte of content.
    public mutating func sparseFile(_ name: String, length: Int) {
        let map = "1\n\(length - 1)\n1\n"
        let padded = Array(map.utf8) + [UInt8](repeating: 0, count: 512 - map.utf8.count)
        let pax = ["GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name, "GNU.sparse.realsize": String(length)]
        header("GNUSparseFile.0/x", type: "0", mode: 0o644, size: 513, pax: pax)
        body(padded + [UInt8(ascii: "x")])
    }

    public mutating func header(
        _ name: String, type: Character, mode: Int, uid: Int = 0, gid: Int = 0, size: Int = 0, modified: Int = 1_000_000, link: String = "",
        pax: [String: String] = [:]
    ) {
        var records = pax
        if name.utf8.count > 100 { records["path"] = name }
        if link.utf8.count > 100 { records["linkpath"] = link }
        if !records.isEmpty {
            let text = records.sorted { $0.key < $1.key }.map { Self.record($0.key, $0.value) }.joined()
            block("pax", type: "x", mode: 0o644, size: text.utf8.count)
            body(Array(text.utf8))
        }
        block(name, type: type, mode: mode, uid: uid, gid: gid, size: size, modified: modified, link: link)
    }

    private mutating func block(
        _ name: String, type: Character, mode: Int, uid: Int = 0, gid: Int = 0, size: Int = 0, modified: Int = 0, link: String = ""
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int, _ room: Int) {
            for (index, byte) in text.utf8.prefix(room).enumerated() { block[offset + index] = byte }
        }
        func number(_ value: Int, _ offset: Int, _ digits: Int) {
            let text = String(value, radix: 8)
            if text.count <= digits {
                put(String(repeating: "0", count: digits - text.count) + text, offset, digits)
            } else {
                // Base 256, as GNU tar writes what octal cannot hold.
                for index in 0..<8 { block[offset + digits - index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
                block[offset] |= 0x80
            }
        }
        put(name, 0, 100)
        number(mode, 100, 7)
        number(uid, 108, 7)
        number(gid, 116, 7)
        number(size, 124, 11)
        number(modified, 136, 11)
        put(String(type), 156, 1)
        put(link, 157, 100)
        put("ustar", 257, 6)
        put("00", 263, 2)
        put("        ", 148, 8)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(String(repeating: "0", count: 6 - String(sum, radix: 8).count) + String(sum, radix: 8), 148, 6)
        block[154] = 0
        block[155] = 32
        bytes += block
    }

    private mutating func body(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// `length keyword=value\n`, where the length counts itself.
    private static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while String(length).utf8.count + rest.utf8.count != length { length = String(length).utf8.count + rest.utf8.count }
        return "\(length)\(rest)"
    }

    /// The archive with its end mark.
    public var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    public static func make(_ build: (inout TarBuilder) -> Void) -> [UInt8] {
        var tar = TarBuilder()
        build(&tar)
        return tar.finished
    }
}

/// Writes what `docker save` writes.
public enum DockerArchiveBuilder {
    public static func digest(_ bytes: [UInt8]) -> ContentDigest? { ContentDigest(bytes: SHA256.hash(data: bytes)) }

    public static func hex(_ bytes: [UInt8]) -> String { digest(bytes)?.hex ?? "" }

    public static func config(_ layers: [[UInt8]], execution: String = #"{"Env":["A=b"],"Cmd":["/bin/true"]}"#) -> String {
        let ids = layers.map { "\"sha256:\(hex($0))\"" }.joined(separator: ",")
        return #"{"architecture":"\#(machine)","os":"linux","config":\#(execution),"rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#
    }

    /// `stored` are the layers as they stand in the archive, compressed or not.
    public static func archive(
        layers: [[UInt8]], stored: [[UInt8]]? = nil, config: String? = nil, tag: String = "test:1", manifestLast: Bool = true
    ) -> [UInt8] {
        let names = layers.indices.map { "l\($0)/layer.tar" }
        let manifest =
            #"[{"Config":"config.json","RepoTags":["\#(tag)"],"Layers":[\#(names.map { "\"\($0)\"" }.joined(separator: ","))]}]"#
        return TarBuilder.make { tar in
            if !manifestLast { tar.file("manifest.json", manifest) }
            for (name, layer) in zip(names, stored ?? layers) {
                tar.directory(name.split(separator: "/").first.map(String.init) ?? "")
                tar.file(name, bytes: layer)
            }
            tar.file("config.json", config ?? self.config(layers))
            if manifestLast { tar.file("manifest.json", manifest) }
        }
    }

    public static var machine: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}
