#if !hasFeature(Embedded)
    /// Finds where the last lines of a log begin. It keeps nothing but where lines ended, at most one more than are wanted.
    public struct LastLines: Sendable {
        private let lines: Int
        /// The places behind the newest line feeds, in a ring whose oldest one is at `next` once it is full.
        private var ends: [UInt64] = []
        private var next = 0
        /// Behind the last byte.
        private var position: UInt64 = 0

        /// - Parameter lines: what follows the last line feed is a line too.
        public init(_ lines: Int) { self.lines = lines }

        /// The next bytes of the log.
        ///
        /// - Parameter position: behind the last of them.
        public mutating func take(_ bytes: [UInt8], endingAt position: UInt64) {
            self.position = position
            // A damaged log may tell any position.
            let first = position &- UInt64(bytes.count)
            for (index, byte) in bytes.enumerated() where byte == 0x0A { note(first &+ UInt64(index + 1)) }
        }

        private mutating func note(_ end: UInt64) {
            if ends.count <= lines { return ends.append(end) }
            ends[next] = end
            next = (next + 1) % ends.count
        }

        /// The newest but so many; nil when there are not as many.
        private func end(before newer: Int) -> UInt64? {
            newer < ends.count ? ends[(next + ends.count - 1 - newer) % ends.count] : nil
        }

        /// Where they begin; nil before any output.
        public var start: UInt64? {
            guard position > 0 else { return nil }
            if lines == 0 { return position }
            let isWhole = end(before: 0) == position
            return end(before: isWhole ? lines : lines - 1) ?? 0
        }

        /// How many places are kept.
        public var kept: Int { ends.count }
    }
#endif
