import API
import LinuxSys

/// One mapping of a process, as `smaps` tells of it (proc_pid_smaps(5)); sizes in bytes.
struct Mapping: Hashable {
    var range: Range<UInt64>
    /// `rwxp`.
    var rights: String
    var offset: UInt64
    /// As mount tables write it.
    var device: String
    var inode: UInt64
    var path: String
    var resident: UInt64 = 0
    var proportional: UInt64 = 0
    var swapped: UInt64 = 0
    var anonymous: UInt64 = 0
    /// The kernel's two letters each.
    var flags: Set<String> = []

    var isPrivate: Bool { rights.hasSuffix("p") }
    var isFile: Bool { inode != 0 }

    /// `55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1234   /usr/bin/x`. In paths the kernel writes a line end as `\012`.
    init?(_ line: Substring) {
        let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard parts.count >= 5, let dash = parts[0].firstIndex(of: "-"), let start = UInt64(parts[0][..<dash], radix: 16),
            let end = UInt64(parts[0][parts[0].index(after: dash)...], radix: 16), start < end, let offset = UInt64(parts[2], radix: 16),
            let inode = UInt64(parts[4])
        else { return nil }
        let numbers = parts[3].split(separator: ":").compactMap { UInt32($0, radix: 16) }
        guard numbers.count == 2, parts[1].utf8.count == 4 else { return nil }
        range = start..<end
        rights = String(parts[1])
        self.offset = offset
        device = "\(numbers[0]):\(numbers[1])"
        self.inode = inode
        path = parts.count > 5 ? ProcText.bounded(String(parts[5].drop { $0 == " " })) : ""
    }

    mutating func take(_ line: Substring) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let rest = line[line.index(after: colon)...].split(separator: " ")
        switch line[..<colon] {
        case "Rss": resident = Self.bytes(rest)
        case "Pss": proportional = Self.bytes(rest)
        case "Swap": swapped = Self.bytes(rest)
        case "Anonymous": anonymous = Self.bytes(rest)
        case "VmFlags": flags = Set(rest.map(String.init))
        default: break
        }
    }

    private static func bytes(_ words: [Substring]) -> UInt64 { (words.first.flatMap { UInt64($0) } ?? 0) * 1024 }

    /// What it is added up under.
    var what: String { path.isEmpty ? "[anonymous]" : path }

    var shown: InspectedRange {
        InspectedRange(
            start: range.lowerBound, end: range.upperBound, rights: rights, offset: offset, what: what, resident: resident, swapped: swapped)
    }
}

/// All mappings of a process.
struct Mappings {
    var all: [Mapping] = []
    /// There are more than were read.
    var isCut = false

    /// The text of `smaps` is read in pieces, so that none of it is held but what is kept.
    init(_ process: HeldProcess, limit: Int = 65_536) throws(SystemError) {
        let file = try process.directory.open(at: "smaps")
        var rest: [UInt8] = []
        while true {
            let part = try file.read(upTo: 1 << 16)
            if part.isEmpty { break }
            rest += part
            guard let end = rest.lastIndex(of: 10) else { continue }
            take(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
            if all.count > limit {
                all.removeLast(all.count - limit)
                isCut = true
                break
            }
        }
    }

    init(text: String) { take(text) }

    private mutating func take(_ text: String) {
        for line in text.split(separator: "\n") {
            // The names of values begin with a capital, addresses are in small letters.
            if line.utf8.first.map({ (65...90).contains($0) }) == true {
                if !all.isEmpty { all[all.count - 1].take(line) }
            } else if let next = Mapping(line) {
                all.append(next)
            }
        }
    }

    /// Added up by what is mapped, the largest first.
    var summary: InspectedMemory {
        var result = InspectedMemory()
        var sums: [String: InspectedMapping] = [:]
        for mapping in all {
            let size = mapping.range.upperBound - mapping.range.lowerBound
            result.resident += mapping.resident
            result.proportional += mapping.proportional
            result.swapped += mapping.swapped
            result.mapped &+= size
            var sum = sums[mapping.what] ?? InspectedMapping(what: mapping.what)
            sum.mappings += 1
            sum.mapped &+= size
            sum.resident += mapping.resident
            sum.swapped += mapping.swapped
            sums[mapping.what] = sum
        }
        result.mappings = all.count
        let sorted = sums.values.sorted { ($1.resident, $1.mapped, $0.what) < ($0.resident, $0.mapped, $1.what) }
        result.largest = Array(sorted.prefix(InspectLimit.mappings))
        if sorted.count > InspectLimit.mappings { result.mappingsOmitted = sorted.count - InspectLimit.mappings }
        return result
    }
}
