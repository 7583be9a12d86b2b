public import API

extension BerthClient {
    public func batches(_ request: BatchRequest) throws(ClientError) -> BatchListReply { try call(.batchList, query: request.query) }

    public func batch(_ request: BatchRequest) throws(ClientError) -> BatchReply { try call(.batchShow, query: request.query) }

    /// `route` is one of batchPause, batchResume, batchHold, batchRelease, batchCancel.
    public func act(_ route: Route, _ request: BatchActionRequest) throws(ClientError) -> BatchReply { try call(route, body: request) }

    public func images(_ request: ImageRequest) throws(ClientError) -> ImageListReply { try call(.imageList, query: request.query) }

    public func image(_ name: String) throws(ClientError) -> ImageReply {
        try call(.imageShow, query: ImageRequest(name: name).query)
    }

    public func removeImage(_ name: String) throws(ClientError) -> ImageRemoveReply {
        try call(.imageRemove, query: ImageRequest(name: name).query)
    }

    public func tagImage(_ request: ImageTagRequest) throws(ClientError) -> ImageReply { try call(.imageTag, body: request) }

    public func node() throws(ClientError) -> NodeReply { try call(.node) }

    public func use() throws(ClientError) -> UseReply { try call(.use) }

    public func doctor() throws(ClientError) -> DoctorReply { try call(.doctor) }

    public func version() throws(ClientError) -> VersionReply { try call(.version) }

    public func createSession(_ request: SessionRequest) throws(ClientError) -> SessionReply { try call(.sessionCreate, body: request) }
}
