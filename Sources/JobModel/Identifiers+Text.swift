extension JobID: CustomStringConvertible, LosslessStringConvertible, Codable {
    public var description: String { String(value) }

    public init?(_ text: String) {
        guard let value = UInt64(text), value > 0, !text.hasPrefix("+") else { return nil }
        self.init(value)
    }

    public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(UInt64.self)) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension TaskID: CustomStringConvertible, LosslessStringConvertible, Codable {
    public var description: String { index.map { "\(job).\($0)" } ?? job.description }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let job = JobID(String(parts[0])) else { return nil }
        guard parts.count == 2 else { self.init(job); return }
        guard let index = TaskIndex(parts[1]), !parts[1].hasPrefix("+") else { return nil }
        self.init(job, index)
    }

    public init(from decoder: any Decoder) throws { self = try decodeText(decoder) }
    public func encode(to encoder: any Encoder) throws { try encodeText(self, encoder) }
}

extension AttemptID: CustomStringConvertible, LosslessStringConvertible, Codable {
    public var description: String { "\(task)#\(number)" }

    public init?(_ text: String) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let task = TaskID(String(parts[0])), let number = UInt32(parts[1]), number > 0 else { return nil }
        self.init(task, number)
    }

    public init(from decoder: any Decoder) throws { self = try decodeText(decoder) }
    public func encode(to encoder: any Encoder) throws { try encodeText(self, encoder) }
}

extension UserID: Codable {
    public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(UInt32.self)) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension GroupID: Codable {
    public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(UInt32.self)) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension RequestKey: Codable {
    public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

private func decodeText<T: LosslessStringConvertible>(_ decoder: any Decoder) throws -> T {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = T(text) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted a \(T.self)")
    }
    return value
}

private func encodeText<T: LosslessStringConvertible>(_ value: T, _ encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value.description)
}
