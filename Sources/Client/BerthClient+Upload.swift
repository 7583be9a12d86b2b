public import API

extension BerthClient {
    /// Streams an archive up in chunks; `next` gives the next bytes, empty at the end. An early refusal stops the upload.
    public func importImage(_ name: String, from next: () throws -> [UInt8]) throws -> ImageReply {
        let connection = try Connection(path: socketPath)
        defer { connection.close() }
        let target = Route.imageImport.path() + ImageRequest(name: name).query.suffix
        try connection.send(.post, target, type: "application/octet-stream", chunked: true)
        var lost = false
        do {
            while !connection.hasInput() {
                let bytes = try next()
                guard !bytes.isEmpty else {
                    try connection.endChunks()
                    break
                }
                try connection.sendChunk(bytes)
            }
        } catch ClientError.closed {
            lost = true
        }
        // Unpacking may go on long after the last byte was sent: no time limit.
        let head = try connection.readHead()
        let body = try Self.readAll(connection, timeout: nil)
        guard head.isSuccess else { throw Self.refusal(head, body) }
        if lost { throw ClientError.closed }
        return try Self.decode(body)
    }
}
