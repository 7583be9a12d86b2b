internal import CLinux
internal import LaunchProgram

/// Builds an overlay where the kernel takes no layers by descriptor (before 6.13): in a mount namespace of its own the layers are attached at
/// staging paths and given as strings. The detached overlay outlives process and namespace.
struct StagedOverlayBuilder {
    let overlay: StagedOverlay
    let table: DescriptorTable

    /// Runs in a forked process.
    func build() throws(Fault) -> Int32 {
        try check(linux_unshare(Int32(CLONE_NEWNS)), "unshare mount namespace")
        try check(linux_mount("", "/", nil, UInt(MS_REC | MS_PRIVATE), nil), "make propagation private")
        try check(linux_mount("berth", "/tmp", "tmpfs", UInt(MS_NOSUID | MS_NODEV), "mode=0700"), "mount staging tmpfs")
        try check(chdir("/tmp") == 0 ? 0 : -Int(EACCES), "chdir /tmp")
        for (place, index) in overlay.layers.enumerated() { try attach(try table.get(index), at: ByteString(number: place)) }
        var options = overlay.options
        if let scratch = overlay.scratch {
            try attach(try table.get(scratch), at: "s")
            options = [.init("upperdir", "/tmp/s/upper"), .init("workdir", "/tmp/s/work")] + options
        }
        // `lowerdir+` takes any number of layers (6.8), `lowerdir` is older, but a value ends at 255 bytes.
        let each = overlay.layers.indices.map { FilesystemMount.Option("lowerdir+", "/tmp/" + ByteString(number: $0)) }
        if !overlay.joinedLayers, let mount = try? mount(each + options) { return mount }
        return try mount([.init("lowerdir", joined())] + options)
    }

    private func mount(_ options: [FilesystemMount.Option]) throws(Fault) -> Int32 {
        try makeFilesystem("overlay", options, overlay.attributes, "mount overlay")
    }

    /// Relative names, as short as they get.
    private func joined() -> ByteString {
        var text = ByteString(bytes: [])
        for place in overlay.layers.indices { text = text + (place == 0 ? "" : ":") + ByteString(number: place) }
        return text
    }

    private func attach(_ mount: Int32, at name: ByteString) throws(Fault) {
        try check(name.withCString { linux_mkdirat(AT_FDCWD, $0, 0o755) }, "mkdir " + name)
        try check(name.withCString { linux_move_mount(mount, "", AT_FDCWD, $0, UInt32(MOVE_MOUNT_F_EMPTY_PATH)) }, "attach layer " + name)
    }
}
