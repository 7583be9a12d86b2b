/// An amount of huge pages of one size: asked for, limited, or what a memory node has (hugetlbpage.rst).
public struct HugePages: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Of one page, such as 2M or 1G.
    public var size: Bytes
    /// Of all of them, a multiple of `size`.
    public var bytes: Bytes

    public init(size: Bytes, bytes: Bytes) {
        self.size = size
        self.bytes = bytes
    }

    public var pages: UInt64 { size > .zero ? bytes.count / size.count : 0 }

    /// `32 of 2M`.
    public var description: String { "\(pages) of \(size)" }
}

/// What an attempt took of huge pages of one size. Nil: this kernel does not count it.
public struct HugePageUsage: Hashable, Sendable, Codable {
    public var size: Bytes
    /// The most at any moment; v2 does not keep it.
    public var peak: Bytes?
    /// How often a page was refused for the limit.
    public var failures: UInt64?

    public init(size: Bytes, peak: Bytes? = nil, failures: UInt64? = nil) {
        self.size = size
        self.peak = peak
        self.failures = failures
    }
}
