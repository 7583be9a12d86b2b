internal import JobModel

extension StoreKey {
    private static let jobKind: UInt8 = 1
    private static let tasksKind: UInt8 = 2
    private static let attemptKind: UInt8 = 3
    private static let observationKind: UInt8 = 4
    private static let batchKind: UInt8 = 5
    private static let counterKind: UInt8 = 6

    /// Bytes that sort as ids do, with the kind in front: what belongs together lies together.
    package var packed: [UInt8] {
        switch self {
        case .job(let id): [Self.jobKind] + bigEndian(id.value)
        case .tasks(let id): [Self.tasksKind] + bigEndian(id.value)
        case .attempt(let id): [Self.attemptKind] + id.keyBytes
        case .observation(let id): [Self.observationKind] + id.keyBytes
        case .batch(let id): [Self.batchKind] + bigEndian(id.owner.value) + Array(id.name.utf8)
        case .counter(let name): [Self.counterKind] + Array(name.rawValue.utf8)
        }
    }

    package init(packed bytes: [UInt8]) throws(PackingError) {
        let rest = bytes.dropFirst()
        switch bytes.first {
        case Self.jobKind where rest.count == 8: self = .job(JobID(parsed(rest)))
        case Self.tasksKind where rest.count == 8: self = .tasks(JobID(parsed(rest)))
        case Self.attemptKind where rest.count == 17: self = .attempt(AttemptID(keyBytes: rest))
        case Self.observationKind where rest.count == 17: self = .observation(AttemptID(keyBytes: rest))
        case Self.batchKind where rest.count >= 4:
            self = .batch(
                BatchID(
                    owner: UserID(UInt32(truncatingIfNeeded: parsed(rest.prefix(4)))),
                    name: String(decoding: rest.dropFirst(4), as: UTF8.self)))
        case Self.counterKind: self = .counter(CounterName(rawValue: String(decoding: rest, as: UTF8.self)))
        default: throw PackingError("not a key: \(bytes)")
        }
    }
}

extension AttemptID {
    fileprivate var keyBytes: [UInt8] {
        bigEndian(task.job.value) + bigEndian(task.slot) + [task.index == nil ? 0 : 1] + bigEndian(number)
    }

    fileprivate init(keyBytes bytes: ArraySlice<UInt8>) {
        let slot = TaskIndex(truncatingIfNeeded: parsed(bytes.dropFirst(8).prefix(4)))
        let task = TaskID(JobID(parsed(bytes.prefix(8))), bytes.dropFirst(12).first == 0 ? nil : slot)
        self.init(task, UInt32(truncatingIfNeeded: parsed(bytes.suffix(4))))
    }
}

private func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

private func parsed(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
