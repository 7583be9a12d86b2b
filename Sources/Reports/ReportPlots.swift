public import JobModel

/// What is drawn of a report: use over time, and waits by size. Of runs that have ended.
public struct ReportPlots: Hashable, Sendable, Codable {
    /// What the machine has for jobs.
    public var cores: Int
    public var memory: Bytes
    /// The length of a bucket.
    public var step: TimeSpan
    /// One after the other, without gaps.
    public var buckets: [Bucket]
    public var waits: [Wait]

    /// Averages over a span of time.
    public struct Bucket: Hashable, Sendable, Codable {
        public var start: WallTime
        /// Cores, or shares of the pool, that jobs had and were not frozen.
        public var cores: Double
        /// Of those, busy: CPU time spread evenly over its run.
        public var busy: Double
        /// Memory that jobs had asked for, and the sum of their peaks.
        public var memory: Bytes
        public var peak: Bytes
        /// Runs that ended here.
        public var ended: Int

        public init(start: WallTime, cores: Double, busy: Double, memory: Bytes, peak: Bytes, ended: Int) {
            self.start = start
            self.cores = cores
            self.busy = busy
            self.memory = memory
            self.peak = peak
            self.ended = ended
        }
    }

    /// How long jobs of a size waited.
    public struct Wait: Hashable, Sendable, Codable {
        /// Of cores, such as `3–4`; `<1` for shares of the pool.
        public var size: String
        public var attempts: Int
        public var waited: Percentiles
    }

    public init(cores: Int, memory: Bytes, step: TimeSpan, buckets: [Bucket], waits: [Wait]) {
        self.cores = cores
        self.memory = memory
        self.step = step
        self.buckets = buckets
        self.waits = waits
    }
}

extension ReportPlots {
    /// Takes attempts in any order; its memory is bounded by the number of buckets, which grow longer when there would be too many.
    public struct Builder: Sendable {
        static let mostBuckets = 360
        /// In milliseconds, each a multiple of the one before; longer ones double.
        private static let steps: [Int64] = [1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 86_400].map { $0 * 1000 }

        private struct Sums {
            var given = 0.0
            var busy = 0.0
            var memory = 0.0
            var peak = 0.0
            var ended = 0

            mutating func add(_ other: Sums) {
                given += other.given
                busy += other.busy
                memory += other.memory
                peak += other.peak
                ended += other.ended
            }
        }

        private let cores: Int
        private let memory: Bytes
        private let offset: Int64
        private var step = Self.steps[0]
        /// The number of the first bucket, counted from 1970 in steps.
        private var first: Int64 = 0
        private var buckets: [Sums] = []
        private var waits: [Int: SpanSpread] = [:]

        /// - Parameter secondsFromUTC: so that long buckets begin at the asker's midnight.
        public init(cores: Int, memory: Bytes, secondsFromUTC: Int = 0) {
            self.cores = cores
            self.memory = memory
            offset = Int64(secondsFromUTC) * 1000
        }

        public mutating func add(_ attempt: AttemptFacts) {
            waits[Self.size(attempt), default: SpanSpread()].add(attempt.waitedFor)
            guard let start = attempt.startedAt?.milliseconds, attempt.endedAt.milliseconds >= start else { return }
            let (from, end) = (start + offset, max(attempt.endedAt.milliseconds, start + 1) + offset)
            makeRoom(from, end)
            let length = Double(end - from)
            // What was frozen takes no cores.
            let running = min(1, Double(max(attempt.ranFor.milliseconds, 0)) / length)
            let cpus = Double(attempt.cores) + Double(attempt.cpuMillis) / 1000
            let busy = Double(CPUEfficiency.used(attempt.usage) ?? 0) / 1000 / length
            let (low, high) = (from.floorDivided(by: step), (end - 1).floorDivided(by: step))
            for number in low...high {
                let within = Double(min(end, (number + 1) * step) - max(from, number * step))
                let index = Int(number - first)
                buckets[index].given += cpus * running * within
                buckets[index].busy += min(busy, cpus * running) * within
                buckets[index].memory += Double(attempt.memory.count) * within
                buckets[index].peak += Double(attempt.usage.memoryPeak ?? 0) * within
            }
            buckets[Int(high - first)].ended += 1
        }

        private mutating func makeRoom(_ from: Int64, _ end: Int64) {
            while true {
                var (low, high) = (from.floorDivided(by: step), (end - 1).floorDivided(by: step))
                if !buckets.isEmpty { (low, high) = (min(low, first), max(high, first + Int64(buckets.count) - 1)) }
                guard high - low < Int64(Self.mostBuckets) else {
                    widen()
                    continue
                }
                if buckets.isEmpty { first = low }
                if low < first { buckets.insert(contentsOf: Array(repeating: Sums(), count: Int(first - low)), at: 0) }
                first = low
                let missing = Int(high - low) + 1 - buckets.count
                if missing > 0 { buckets += Array(repeating: Sums(), count: missing) }
                return
            }
        }

        private mutating func widen() {
            let next = Self.steps.first { $0 > step } ?? step * 2
            let factor = next / step
            let origin = first.floorDivided(by: factor)
            var wider: [Sums] = []
            for (index, sums) in buckets.enumerated() {
                let place = Int((first + Int64(index)).floorDivided(by: factor) - origin)
                if place >= wider.count { wider.append(Sums()) }
                wider[place].add(sums)
            }
            (step, first, buckets) = (next, origin, wider)
        }

        /// Shares of the pool are 0; else the power of two that holds the cores.
        private static func size(_ attempt: AttemptFacts) -> Int {
            attempt.cores <= 0 ? 0 : 1 << (Int.bitWidth - (attempt.cores - 1).leadingZeroBitCount)
        }

        private static func sizeText(_ size: Int) -> String { size == 0 ? "<1" : size <= 2 ? "\(size)" : "\(size / 2 + 1)–\(size)" }

        public var plots: ReportPlots {
            let length = Double(step)
            let drawn = buckets.enumerated().map { index, sums in
                Bucket(
                    start: WallTime(milliseconds: (first + Int64(index)) * step - offset), cores: sums.given / length,
                    busy: sums.busy / length, memory: Bytes(UInt64(sums.memory / length)), peak: Bytes(UInt64(sums.peak / length)),
                    ended: sums.ended)
            }
            let waits = waits.sorted { $0.key < $1.key }.compactMap { size, spread in
                spread.percentiles.map { Wait(size: Self.sizeText(size), attempts: spread.count, waited: $0) }
            }
            return ReportPlots(cores: cores, memory: memory, step: TimeSpan(milliseconds: step), buckets: drawn, waits: waits)
        }
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
