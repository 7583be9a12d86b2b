/// Lets so many imports run at once; the others wait in order.
actor ImportSlots {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = max(count, 1) }

    /// Runs `body` in a slot.
    nonisolated func hold<T: Sendable>(_ body: @Sendable () async throws(ImageError) -> T) async throws(ImageError) -> T {
        await take()
        let result: Result<T, ImageError>
        do throws(ImageError) { result = .success(try await body()) } catch { result = .failure(error) }
        await give()
        return try result.get()
    }

    private func take() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func give() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
