import API
import LinuxSys

/// The sockets of a network namespace by inode, from `/proc/PID/net`: those of the process's own namespace, without entering it.
struct SocketTable {
    private(set) var sockets: [UInt64: InspectedSocket] = [:]
    /// Tables that are longer than what is read of them.
    private(set) var cut: [String] = []

    private static let limit = 8 << 20

    init(_ process: HeldProcess) {
        for name in ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "unix", "netlink", "packet"] {
            guard let file = try? process.directory.open(at: "net/\(name)") else { continue }
            var bytes: [UInt8] = []
            while bytes.count <= Self.limit, let part = try? file.read(upTo: 1 << 16), !part.isEmpty { bytes += part }
            if bytes.count > Self.limit { cut.append(name) }
            take(String(decoding: bytes, as: UTF8.self), name)
        }
    }

    init() {}

    /// The first socket of an inode counts: names of Unix sockets may hold line ends.
    mutating func take(_ text: String, _ table: String) {
        for line in text.split(separator: "\n").dropFirst() {
            guard let (inode, socket) = Self.parse(line, table), inode != 0, sockets[inode] == nil else { continue }
            sockets[inode] = socket
        }
    }

    private static func parse(_ line: Substring, _ table: String) -> (UInt64, InspectedSocket)? {
        switch table {
        case "unix": unix(line)
        case "netlink", "packet":
            line.split(separator: " ").last.flatMap { UInt64($0) }.map { ($0, InspectedSocket(kind: table)) }
        default: internet(line, table)
        }
    }

    private static func internet(_ line: Substring, _ table: String) -> (UInt64, InspectedSocket)? {
        let words = line.split(separator: " ")
        guard words.count > 9, let inode = UInt64(words[9]), let local = address(words[1]), let remote = address(words[2]) else { return nil }
        var socket = InspectedSocket(kind: table, local: local)
        if !remote.hasSuffix(":0") { socket.remote = remote }
        if table.hasPrefix("tcp") { socket.state = states[String(words[3])] }
        return (inode, socket)
    }

    /// include/net/tcp_states.h.
    private static let states = [
        "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2", "06": "TIME_WAIT", "07": "CLOSE",
        "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN", "0B": "CLOSING",
    ]

    /// `0000000000000000: 00000002 00000000 00010000 0001 01 81 /run/x`: count, protocol, flags, type, state, inode, name.
    private static func unix(_ line: Substring) -> (UInt64, InspectedSocket)? {
        let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
        guard words.count > 6, let inode = UInt64(words[6]), let flags = UInt32(words[3], radix: 16) else { return nil }
        let types = ["0001": "unix", "0002": "unix-datagram", "0005": "unix-packet"]
        var socket = InspectedSocket(kind: types[String(words[4])] ?? "unix")
        if words.count > 7 { socket.local = ProcText.bounded(String(words[7])) }
        // __SO_ACCEPTCON of include/uapi/linux/net.h.
        socket.state = flags & 0x10000 != 0 ? "LISTEN" : words[5] == "03" ? "ESTABLISHED" : nil
        return (inode, socket)
    }

    /// `0100007F:1F90`: words of 32 bits in the machine's order, then the port.
    static func address(_ text: Substring) -> String? {
        let sides = text.split(separator: ":")
        guard sides.count == 2, let port = UInt16(sides[1], radix: 16), sides[0].utf8.count == 8 || sides[0].utf8.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = sides[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            withUnsafeBytes(of: word) { bytes += $0 }
            rest = rest.dropFirst(8)
        }
        guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") + ":\(port)" }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 255, bytes[11] == 255 {
            return "[::ffff:" + bytes[12...].map(String.init).joined(separator: ".") + "]:\(port)"
        }
        return "[" + compressed(stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }) + "]:\(port)"
    }

    /// RFC 5952: the longest run of zeros is left out.
    private static func compressed(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        for (at, group) in groups.enumerated() {
            if group != 0 { start = at + 1 }
            if at + 1 - start > best.count { best = start..<(at + 1) }
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.count < 2 ? text(groups[...]) : text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
