import JobModel
import LinuxSys

extension SlotTable {
    /// The table's text, for a backup. Blocks.
    func text() throws -> String { try opened().readText() }

    /// Takes over what a backup knows and the table does not: users without a slot get theirs back.
    ///
    /// What the table has stays, because files of its users may bear those ids; a slot that another user has by now is not given twice. A private
    /// daemon's slots are leased anew and are not taken over. Blocks; durable when it returns.
    ///
    /// - Returns: one line for each slot that could not be given back.
    func restore(_ backup: String) throws -> [String] {
        guard !isPrivate else { return [] }
        let file = try opened()
        let there = Self.pairs(try file.readText())
        let users = Dictionary(there) { first, _ in first }
        let owners = Dictionary(there.map { ($1, $0) }) { first, _ in first }
        var added = ""
        var problems: [String] = []
        for (user, slot) in Self.pairs(backup) where users[user] != slot {
            if let other = users[user] {
                problems.append("user \(user) has slot \(other) by now and had \(slot) in the backup")
            } else if let owner = owners[slot] {
                problems.append("slot \(slot) of user \(user) is user \(owner)'s by now")
            } else {
                added += "\(user) \(slot)\n"
            }
        }
        guard !added.isEmpty else { return problems }
        try file.write(Array(added.utf8), at: try file.status().size)
        try file.synchronizeData()
        return problems
    }
}
