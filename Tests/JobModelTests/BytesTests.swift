import JobModel
import TestSupport
import Testing

@Suite struct BytesTests {
    @Test(
        arguments: [
            ("0", 0), ("4096", 4096), ("1K", 1024), ("1kB", 1024), ("64KiB", 65536), ("512M", 512 << 20), ("1.5G", 3 << 29),
            ("2T", 2 << 40), ("10b", 10),
            ("0.5K", 512),
        ] as [(String, UInt64)])
    func sizesAsPeopleWriteThem(text: String, count: UInt64) { #expect(Bytes(text: text) == Bytes(count)) }

    @Test(arguments: ["", "G", "-1", "1X", "1.2.3", "1 G", "99999999T", "1e3", "0x10", "١"])
    func whatIsNoSizeIsRefused(text: String) { #expect(Bytes(text: text) == nil) }

    @Test func shortForms() {
        let cases: [(UInt64, String)] = [
            (0, "0"), (1023, "1023"), (1024, "1K"), (3 << 29, "1.5G"), (512 << 20, "512M"), (5 << 40, "5T"), (7 << 50, "7P"),
        ]
        for (count, text) in cases { #expect(Bytes(count).description == text) }
    }

    @Test func shortFormsOfWholeUnitsReadBackAsTheyWere() {
        var random = SeededGenerator()
        for _ in 0..<1000 {
            let size = Bytes(UInt64.random(in: 1..<1024, using: &random) << (10 * UInt64.random(in: 0...4, using: &random)))
            #expect(Bytes(text: size.description) == size)
        }
    }

    @Test func differencesStopAtZero() {
        #expect(
            Bytes(3) - Bytes(5) == .zero && Bytes(5) - Bytes(3) == Bytes(2) && Bytes(1) + Bytes(2) == Bytes(3) && Bytes(1) < Bytes(2)
                && Bytes(.max) + Bytes(1) == Bytes(.max))
        #expect(Bytes.kibibytes(2) == Bytes(2048) && Bytes.mebibytes(1) == .kibibytes(1024) && Bytes.gibibytes(1) == .mebibytes(1024))
    }

    @Test func theJSONFormIsAPlainNumber() throws {
        #expect(try json([Bytes(.max)]) == "[18446744073709551615]")
        #expect(try decode([Bytes].self, "[0, 7]") == [.zero, Bytes(7)])
        #expect(throws: (any Error).self) { try decode([Bytes].self, "[-1]") }
        #expect(throws: (any Error).self) { try decode([Bytes].self, "[\"1G\"]") }
    }
}
