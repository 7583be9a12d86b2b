import Hummingbird
import NIOCore

/// Bytes on their way to a client: several places write, one reply sends. A writer waits while the client does not read.
actor FrameOutput {
    struct Gone: Error {}

    private static let bound = 1 << 20
    private var waiting: [UInt8] = []
    private var isFinished = false
    private var isGone = false
    private var failure: (any Error)?
    private var reader: CheckedContinuation<Void, Never>?
    private var writers: [CheckedContinuation<Void, Never>] = []

    /// Throws once the client is gone.
    func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        waiting += bytes
        wakeReader()
        while waiting.count > Self.bound, !isGone { await withCheckedContinuation { writers.append($0) } }
        if isGone { throw Gone() }
    }

    /// No more comes.
    func finish() {
        isFinished = true
        wakeReader()
    }

    /// What comes is not all: the reply is torn off after what is there, so that the client does not take it for whole.
    func tear(_ error: any Error) {
        failure = error
        finish()
    }

    /// The client does not take any more.
    func fail() {
        isGone = true
        waiting = []
        wakeReader()
        wakeWriters()
    }

    /// Something was written that nobody took.
    var isLost: Bool { isGone }

    /// What is there; nil at the end.
    func next() async throws -> [UInt8]? {
        while waiting.isEmpty, !isFinished, !isGone { await withCheckedContinuation { reader = $0 } }
        guard !waiting.isEmpty, !isGone else {
            if let failure { throw failure }
            return nil
        }
        defer {
            waiting = []
            wakeWriters()
        }
        return waiting
    }

    private func wakeReader() {
        reader?.resume()
        reader = nil
    }

    private func wakeWriters() {
        let all = writers
        writers = []
        for writer in all { writer.resume() }
    }
}

/// A streamed reply whose bytes are made by a task of their own; the task is cancelled when the client is gone.
func streamed(_ type: String, _ produce: @escaping @Sendable (FrameOutput) async throws -> Void) -> Response {
    stream(type) { writer in
        let output = FrameOutput()
        let producer = Task {
            do {
                try await produce(output)
                await output.finish()
            } catch {
                await output.tear(error)
            }
        }
        try await withTaskCancellationHandler {
            do {
                while let bytes = try await output.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            } catch {
                await output.fail()
                producer.cancel()
                throw error
            }
        } onCancel: {
            producer.cancel()
            Task { await output.fail() }
        }
        producer.cancel()
    }
}
