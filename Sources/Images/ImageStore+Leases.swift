public import JobModel
internal import LinuxSys

extension ImageStore {
    /// Gives an attempt the right to an image until `release`; kept on disk, so that it survives the daemon. Idempotent.
    ///
    /// - Parameter user: the submitter, who is looked at anew: the name may be another person's by now.
    public func lease(_ name: ImageReference, for attempt: AttemptID, of user: UserID? = nil) throws(ImageError) -> ImageLease {
        let named = try show(name)
        if let user, !named.isFor(user) { throw .notFound("image \(name): there is none of that name") }
        let image = named.image
        if let held = leases[attempt] {
            guard held == image.key else { throw .inUse("lease of \(attempt): it holds another image already") }
            return try lease(of: image, for: attempt)
        }
        let lease = try lease(of: image, for: attempt)
        try onHost { () throws(SystemError) in try files.leases.makeSymbolicLink(attempt.description, to: image.key.description) }
        leases[attempt] = image.key
        leaseCounts[image.key, default: 0] += 1
        return lease
    }

    /// The lease that an attempt holds since an earlier daemon; nil if none.
    public func lease(heldBy attempt: AttemptID) throws(ImageError) -> ImageLease? {
        guard let key = leases[attempt], let image = images[key] else { return nil }
        return try lease(of: image, for: attempt)
    }

    /// Gives the right back; nothing happens if there is none.
    public func release(_ attempt: AttemptID) throws(ImageError) {
        guard let key = leases.removeValue(forKey: attempt) else { return }
        let left = (leaseCounts[key] ?? 1) - 1
        leaseCounts[key] = left > 0 ? left : nil
        try onHost { () throws(SystemError) in try files.leases.unlink(attempt.description) }
        if left == 0, !names.values.contains(where: { $0.image == key }) { try collectGarbage() }
    }

    func loadLeases(running: Set<AttemptID>) throws(ImageError) {
        for name in try onHost({ () throws(SystemError) in try files.leases.names() }) {
            let target = try? files.leases.readLink(name)
            if let attempt = AttemptID(name), running.contains(attempt), let key = target.flatMap({ ImageKey($0) }), images[key] != nil {
                leases[attempt] = key
                leaseCounts[key, default: 0] += 1
            } else {
                try onHost { () throws(SystemError) in _ = try removeTree(at: files.leases, name) }
            }
        }
    }

    private func lease(of image: ImageRecord, for attempt: AttemptID) throws(ImageError) -> ImageLease {
        var layers: [LeasedLayer] = []
        for layer in image.layers.reversed() where layer.entries > 0 {
            layers.append(LeasedLayer(key: layer.key, directory: try openLayer(layer.key)))
        }
        // An image of empty layers only still needs something to mount.
        if layers.isEmpty, let layer = image.layers.last {
            layers = [LeasedLayer(key: layer.key, directory: try openLayer(layer.key))]
        }
        return ImageLease(attempt: attempt, image: image, layers: layers, base: settings.base)
    }

    private func openLayer(_ key: LayerKey) throws(ImageError) -> Descriptor {
        if let open = openLayers[key] { return open }
        let directory = try onHost { () throws(SystemError) in try files.layers.open(at: key.description, [.path, .directory, .noFollow]) }
        openLayers[key] = directory
        return directory
    }
}
