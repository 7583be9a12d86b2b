public import LinuxSys
internal import OCISpec

/// An archive that comes in pieces, kept in a file of the store's disk that has no name: it goes with this value, or with the daemon.
public final class ImageUpload: Sendable {
    /// What has come so far, for `importArchive`.
    public let archive: Descriptor
    private let limit: UInt64

    init(staging: Descriptor, limit: UInt64) throws(ImageError) {
        self.limit = limit
        archive = try onHost { () throws(SystemError) in try staging.open(at: ".", [.temporary, .readWrite], mode: 0o600) }
    }

    /// Takes the next piece, one at a time.
    ///
    /// - Throws: `refused` once there is more than an archive may have.
    public func append(_ bytes: [UInt8]) async throws(ImageError) {
        let (archive, limit) = (archive, limit)
        try await BlockingWork.run { () throws(ImageError) in
            let size = try onHost { () throws(SystemError) in try archive.status().size }
            guard UInt64(size) + UInt64(bytes.count) <= limit else {
                throw .refused("archive: has more than \(limit) bytes, accepted are at most that")
            }
            try onHost { () throws(SystemError) in try archive.write(bytes) }
        }
    }
}

extension ImageStore {
    /// Begins to receive an archive; an import takes its turn only when all of it is there, so that a slow sender holds nobody up.
    public nonisolated func upload() throws(ImageError) -> ImageUpload {
        try ImageUpload(staging: files.staging, limit: settings.limits.archiveBytes)
    }
}
