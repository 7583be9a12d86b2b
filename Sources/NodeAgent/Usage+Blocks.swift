import Images
import JobModel

extension Usage {
    /// Takes in what PID 1 knows of the processes it reaped (getrusage(2), blocks of 512 bytes): the kernel counts a write there when a page gets
    /// dirty, in the name of the writer, while v1's groups do not see buffered write-back, and some devices are not counted by groups at all.
    ///
    /// It is a lower bound, since not every process is reaped by PID 1. Where nobody counted a write, there is no number.
    mutating func takeBlocks(read: UInt64, written: UInt64) {
        let isCounted = readBytes != nil
        guard !isCounted || ioPartial == true else { return }
        if !isCounted { ioPartial = true }
        readBytes = max(readBytes ?? 0, read.multipliedReportingOverflow(by: 512).partialValue)
        let most = max(writtenBytes ?? 0, written.multipliedReportingOverflow(by: 512).partialValue)
        writtenBytes = most > 0 ? most : nil
        if writtenBytes == nil { writeOperations = nil }
    }

    /// What the scratch holds before it goes; btrfs tells of its last commit, which may know nothing of a short job.
    mutating func takeScratch(_ held: ScratchUsage) {
        let isPartial = held.inodes == nil
        guard !isPartial || held.bytes > .zero else { return }
        scratchBytes = held.bytes
        scratchFiles = held.inodes.map { UInt64(max(0, $0)) }
        scratchPartial = isPartial
    }
}
