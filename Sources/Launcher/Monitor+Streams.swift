internal import CLinux
internal import JobLog
internal import LaunchProgram

extension Monitor {
    /// Moves what one read gives; nothing while the file has not taken what came before.
    mutating func drain(_ place: Int) {
        guard sources[place].descriptor >= 0 else { return }
        guard flush(place) else { return }
        _ = drainOnce(place)
    }

    /// Takes what a job that stands still has written, as far as its files take it: no more than its pipes hold.
    mutating func takeWaiting() {
        for place in sources.indices where sources[place].descriptor >= 0 {
            var rounds = 0
            while rounds < 64, flush(place), sources[place].descriptor >= 0, drainOnce(place) { rounds += 1 }
        }
    }

    /// True when bytes were read.
    private mutating func drainOnce(_ place: Int) -> Bool {
        let descriptor = sources[place].descriptor
        let result = linux_read(descriptor, buffer.baseAddress, buffer.count)
        if result > 0 {
            take(result, from: place)
            return true
        }
        // End of file; a terminal whose last slave was closed says EIO.
        if result == 0 || result == -Int(EIO) { close(place) }
        return false
    }

    /// The terminal stays open, for its size and because the daemon may ask for a duplicate.
    private mutating func close(_ place: Int) {
        if sources[place].descriptor != terminal { _ = linux_close(sources[place].descriptor) }
        sources[place].descriptor = -1
    }

    private mutating func take(_ count: Int, from place: Int) {
        let stream = sources[place].stream
        guard sources[place].file < 0 else {
            pending[place] = Array(buffer.prefix(count))
            _ = flush(place)
            return
        }
        let time = linux_boot_nanoseconds()
        log?.append(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)), stream: stream, bootNanoseconds: time)
    }

    /// Writes what waits for a submitter's file. A full pipe waits; any other error, such as a full disk, drops the bytes and counts them.
    private mutating func flush(_ place: Int) -> Bool {
        var done = 0
        let bytes = pending[place]
        while done < bytes.count {
            let file = sources[place].file
            let result = bytes.withUnsafeBytes { linux_write(file, $0.baseAddress! + done, $0.count - done) }
            if result == -Int(EINTR) { continue }
            if result == -Int(EAGAIN) { break }
            guard result > 0 else {
                fileBytesDropped &+= UInt64(bytes.count - done)
                done = bytes.count
                break
            }
            fileBytes &+= UInt64(result)
            done += result
        }
        pending[place] = Array(bytes[done...])
        return pending[place].isEmpty
    }

    /// What is left when no process of the job is: at most what pipes hold, and a reader of the submitter's FIFO has two seconds. A writer
    /// outside, who was handed an end, does not hold up the record.
    mutating func drainRest() {
        for place in sources.indices where sources[place].descriptor >= 0 {
            var rounds = 0
            while rounds < 64 {
                if !flush(place), !waitForFile(place) { break }
                guard pending[place].isEmpty else { continue }
                guard sources[place].descriptor >= 0, drainOnce(place) else { break }
                rounds += 1
            }
            fileBytesDropped &+= UInt64(pending[place].count)
            pending[place] = []
        }
    }

    private func waitForFile(_ place: Int) -> Bool {
        var polls = [pollfd(fd: sources[place].file, events: Int16(POLLOUT), revents: 0)]
        return linux_poll(&polls, 1, 2000) > 0
    }
}
