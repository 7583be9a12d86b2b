internal import LinuxSys
internal import OCISpec

/// The part of the staging directory that belongs to one import.
struct ImportArea: Sendable {
    let staging: Descriptor
    /// First of the ids that image files have on disk.
    let base: UInt32
    let name = StoreFiles.randomName()

    /// Makes `staging/<name>/layers`, which belongs to the image's root, and gives a detached mount of it: no `..` of it leads anywhere, and
    /// nothing on it is executed, privileged or a device.
    func make() throws(ImageError) -> Descriptor {
        try onHost { () throws(SystemError) in
            try staging.makeDirectory(name, mode: 0o700)
            let layers = try staging.open(at: name, .directory).makeAndOpenDirectory("layers", mode: 0o700)
            try layers.changeOwner(uid: base, gid: base)
            let mount = try Mount.clone(of: layers)
            try Mount.setAttributes(
                of: mount, set: [.noSetUID, .noDevices, .noExecute, .noAccessTime], clear: .accessTimes, propagation: .private)
            return mount
        }
    }

    /// The archive as a regular file with an offset of its own.
    func spool(_ archive: Descriptor, limit: UInt64, _ room: ImportRoom) throws(ImageError) -> Descriptor {
        let status = try onHost { () throws(SystemError) in try archive.status() }
        if status.kind == .regular, let own = try? archive.reopen(.readOnly) { return own }
        guard status.kind == .regular || status.kind == .fifo || status.kind == .socket else {
            throw .refused("archive: found something that is neither a file nor a pipe")
        }
        let file = try onHost { () throws(SystemError) in
            try staging.open(at: name, .directory).open(at: ".", [.temporary, .readWrite], mode: 0o600)
        }
        var size: UInt64 = 0
        var checked: UInt64 = 0
        while true {
            if size >= checked {
                try room.check()
                checked = size + ImportRoom.stride
            }
            let block = try onHost { () throws(SystemError) in try archive.read(upTo: 1 << 18) }
            if block.isEmpty { return file }
            size += UInt64(block.count)
            guard size <= limit else { throw .refused("archive: has more than \(limit) bytes, accepted are at most that") }
            try onHost { () throws(SystemError) in try file.write(block) }
        }
    }

    /// Checks what the helper says it made, marks opaque directories, and waits until all of it is on disk.
    func complete(_ image: UnpackedImage) throws(ImageError) {
        try onHost { () throws(SystemError) in
            let layers = try open()
            for (number, layer) in image.layers.enumerated() {
                let directory = try layers.open(at: String(number), [.directory, .noFollow])
                let owner = try directory.status().uid
                guard (UInt64(base)..<UInt64(base) + 65_536).contains(UInt64(owner)) else {
                    throw SystemError(
                        "import layer", String(number), errno: 0, detail: "it belongs to \(owner), accepted is an id of images")
                }
                try markOpaque(layer.opaqueDirectories, in: directory)
            }
            try layers.synchronizeFileSystem()
        }
    }

    /// Only the host's root may set attributes of the `trusted.` class, and only those work for an overlay that it mounts (overlayfs.rst).
    private func markOpaque(_ paths: [String], in layer: Descriptor) throws(SystemError) {
        for path in paths {
            let directory = try layer.open(at: path, [.directory], resolve: [.beneath, .noSymlinks, .noMagicLinks, .noCrossDevice])
            try directory.setExtendedAttribute("trusted.overlay.opaque", Array("y".utf8))
        }
    }

    func moveLayer(_ number: Int, to name: String, in directory: Descriptor) throws(SystemError) {
        try open().rename(String(number), to: name, in: directory, mode: .noReplace)
    }

    /// What cannot be removed now is swept at the next start.
    func removeQuietly() async {
        let (staging, name) = (staging, name)
        _ = try? await BlockingWork.run { () throws(ImageError) in
            try onHost { () throws(SystemError) in try removeTree(at: staging, name) }
        }
    }

    private func open() throws(SystemError) -> Descriptor {
        try staging.open(at: name, [.directory, .noFollow]).open(at: "layers", [.directory, .noFollow])
    }
}
