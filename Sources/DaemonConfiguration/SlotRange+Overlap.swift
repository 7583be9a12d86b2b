public import JobModel

extension SlotRange {
    /// Parses `1879048192-2147352575`; nil unless it is whole slots between the machine's own users and the last ids.
    init?(text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= Self.size, first < last else { return nil }
        // 4294967294 and 4294967295 are no ids (chown(2)), so the last slot is out.
        guard first % Self.size == 0, (UInt64(last) + 1) % UInt64(Self.size) == 0, last < 4_294_836_224 else { return nil }
        self.init()
        self.first = first
        self.last = last
    }

    /// Refuses a range that touches ids that `/etc/subuid` or `/etc/subgid` (subuid(5)) has given to somebody: two containers' ids would be one.
    public func checkOverlap(subordinateIDs text: String, file: String) throws(DocumentError) {
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { String(Substring($0)) }
            guard fields.count == 3, let start = UInt64(fields[1]), let count = UInt64(fields[2].filter { !$0.isWhitespace }), count > 0
            else { continue }
            let end = start.addingReportingOverflow(count - 1)
            guard start <= UInt64(last), end.overflow || end.partialValue >= UInt64(first) else { continue }
            throw DocumentError(
                file: file, line: index + 1, field: DocumentText.oneLine(fields[0]),
                found: "the ids \(start)-\(end.overflow ? .max : end.partialValue), which overlap the slots \(first)-\(last)",
                accepted: "ids outside the slots; slots in berthd.yaml moves them")
        }
    }
}
