import JobModel

extension State {
    /// The limits that stand for a user, queue or batch.
    func limits(_ key: LimitBook.Key) -> ResourceLimits {
        switch key {
        case .user(let user): settings.users[user] ?? settings.userLimits
        case .queue(let name): settings.queues.first { $0.name == name }?.maximum ?? ResourceLimits()
        case .batch(let batch): settings.batches[batch] ?? settings.batchLimits
        }
    }

    func limitKeys(_ job: Job) -> [LimitBook.Key] {
        [.user(job.user), .queue(job.queue)] + (job.batch.map { [.batch($0)] } ?? [])
    }

    /// Positions of the books that count a job, opened when needed; most jobs count in none.
    mutating func booksCounting(_ job: Job) -> [Int] {
        limitKeys(job).compactMap { key in
            if let known = bookPositions[key] { return known }
            let limits = limits(key)
            guard LimitBook.counts(limits) else { return nil }
            books.append(LimitBook(key, limits))
            bookPositions[key] = books.count - 1
            return books.count - 1
        }
    }

    /// Counts an attempt against its job's limits, or no longer.
    mutating func charge(_ task: TaskID, sign: Int64) {
        guard let attempt = attempts[task] else { return }
        for book in entries[attempt.position].books {
            books[book].charge(attempt.need, sign: sign)
            if sign < 0 { unblock(book) }
        }
    }

    private mutating func unblock(_ book: Int) {
        for index in books[book].blocked.sorted() where books[book].admits(classes[index].need) {
            steps += 1
            books[book].blocked.remove(index)
            classes[index].blockedBy = nil
            refreshClass(index)
        }
    }

    /// Takes a class out of the line until something ends under the limit that it meets; false when it meets none.
    mutating func blockIfLimited(_ index: Int) -> Bool {
        guard let book = classes[index].key.books.first(where: { !books[$0].admits(classes[index].need) }) else { return false }
        books[book].blocked.insert(index)
        classes[index].blockedBy = book
        refreshClass(index)
        return true
    }
}
