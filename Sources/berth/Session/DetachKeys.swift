/// Finds Ctrl-P Ctrl-Q in what is typed (contract §6); a Ctrl-P is held back until the next key shows what it was.
struct DetachKeys {
    private static let first: UInt8 = 0x10
    private static let second: UInt8 = 0x11
    private var isHolding = false

    /// What goes to the job, and whether the keys were typed; what stands behind them is dropped.
    mutating func feed(_ bytes: [UInt8]) -> (forward: [UInt8], detached: Bool) {
        var forward: [UInt8] = []
        for byte in bytes {
            if isHolding {
                isHolding = false
                if byte == Self.second { return (forward, true) }
                forward.append(Self.first)
            }
            if byte == Self.first { isHolding = true } else { forward.append(byte) }
        }
        return (forward, false)
    }
}
