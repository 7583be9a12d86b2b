public import JobModel
internal import LinuxSys

extension ImageStore {
    /// Removes images without name and lease, and layers that no image has. Called by what makes them so.
    func collectGarbage() throws(ImageError) {
        let named = Set(names.values.map(\.image))
        for key in images.keys.sorted() where !named.contains(key) && leaseCounts[key] == nil {
            try onHost { () throws(SystemError) in try files.images.unlink(key.description) }
            images[key] = nil
        }
        let needed = Set(images.values.flatMap { $0.layers.map(\.key) })
        for name in try onHost({ () throws(SystemError) in try files.layers.names() }) {
            if let key = LayerKey(name), needed.contains(key) { continue }
            if let key = LayerKey(name) { openLayers[key] = nil }
            // Out of sight at once, then removed in the background: nothing can find half a layer.
            let trash = "trash-" + StoreFiles.randomName()
            try onHost { () throws(SystemError) in try files.layers.rename(name, to: trash, in: files.staging) }
            removeInBackground(trash)
        }
    }

    /// What a killed daemon left behind: its helpers may still be ending, so names that fill up again are emptied again.
    func sweep() throws(ImageError) {
        for name in try onHost({ () throws(SystemError) in try files.staging.names() }) {
            try onHost { () throws(SystemError) in _ = try removeTree(at: files.staging, name) }
        }
        try collectGarbage()
    }

    private func removeInBackground(_ name: String) {
        let staging = files.staging
        // What cannot be removed now is swept at the next start.
        BlockingWork.start { _ = try? removeTree(at: staging, name) }
    }

    /// Bytes that the images' layers hold, each counted once.
    public func usage() -> Bytes {
        var sizes: [LayerKey: Bytes] = [:]
        for image in images.values {
            for layer in image.layers { sizes[layer.key] = layer.size }
        }
        return sizes.values.reduce(.zero, +)
    }
}
