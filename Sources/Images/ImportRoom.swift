internal import JobModel
internal import LinuxSys
internal import OCISpec

/// What an import may take of the file system: all but what is kept for the database.
struct ImportRoom: Sendable {
    let root: Descriptor
    let path: String
    let kept: Bytes

    /// So many bytes are taken in between two looks.
    static let stride: UInt64 = 16 << 20

    func check() throws(ImageError) {
        guard kept > .zero else { return }
        let free = try free()
        guard free > kept else {
            throw .refused("image import: found \(free) free on the disk of \(path), needed are more than \(kept) (disk_reserve)")
        }
    }

    /// Lets an archive unpack to no more than there is room for; one that is refused for that is told so.
    func unpack(
        _ request: ImportRequest, _ body: (ImportRequest) throws(ImageError) -> UnpackedImage
    ) throws(ImageError) -> UnpackedImage {
        guard kept > .zero else { return try body(request) }
        try check()
        let left = try free().count - kept.count
        guard left < request.limits.unpackedBytes else { return try body(request) }
        var cut = request
        cut.limits.unpackedBytes = left
        do throws(ImageError) { return try body(cut) } catch {
            guard case .refused(let line) = error, line.contains("\(left)") else { throw error }
            throw .refused("\(line); \(Bytes(left)) is what the disk of \(path) has beyond \(kept) (disk_reserve)")
        }
    }

    private func free() throws(ImageError) -> Bytes { Bytes(try onHost { () throws(SystemError) in try root.fileSystemStatus().availableBytes }) }
}
