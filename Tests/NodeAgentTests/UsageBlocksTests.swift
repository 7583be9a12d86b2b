import JobModel
import Testing

@testable import NodeAgent

@Suite struct UsageBlocksTests {
    private func usage(read: UInt64?, written: UInt64?, partial: Bool?) -> Usage {
        var usage = Usage()
        (usage.readBytes, usage.writtenBytes, usage.writeOperations, usage.ioPartial) = (read, written, written.map { _ in 1 }, partial)
        return usage
    }

    @Test func bufferedWritesOfV1ComeFromTheProcesses() {
        var usage = usage(read: 4096, written: 16_384, partial: true)
        usage.takeBlocks(read: 2, written: 102_400)
        #expect((usage.readBytes, usage.writtenBytes, usage.ioPartial) == (4096, 50 << 20, true))
    }

    @Test func directWritesAreNotLost() {
        var usage = usage(read: 0, written: 1 << 20, partial: true)
        usage.takeBlocks(read: 8, written: 0)
        #expect((usage.readBytes, usage.writtenBytes) == (4096, 1 << 20))
    }

    /// Never a zero in the place of what nobody counted.
    @Test func whatNobodyCountedHasNoNumber() {
        var usage = usage(read: 0, written: 0, partial: true)
        usage.takeBlocks(read: 0, written: 0)
        #expect(usage.readBytes == 0 && usage.writtenBytes == nil && usage.writeOperations == nil)
    }

    @Test func withoutACounterOfGroupsTheProcessesCount() {
        var usage = usage(read: nil, written: nil, partial: nil)
        usage.takeBlocks(read: 2, written: 4)
        #expect((usage.readBytes, usage.writtenBytes, usage.ioPartial) == (1024, 2048, true))
    }

    @Test func v2CountsAll() {
        var usage = usage(read: 5, written: 0, partial: false)
        usage.takeBlocks(read: 2, written: 4)
        #expect((usage.readBytes, usage.writtenBytes, usage.ioPartial) == (5, 0, false))
    }
}
