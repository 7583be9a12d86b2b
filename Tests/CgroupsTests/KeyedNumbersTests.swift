import Testing

@testable import Cgroups

@Suite struct KeyedNumbersTests {
    @Test func aKeyIsAWholeWord() {
        let table = KeyedNumbers(Array("pgfault 12\npgmajfault 3\ntotal_pgfault 40\nlast 7".utf8))
        #expect(table["pgfault"] == 12 && table["pgmajfault"] == 3 && table["total_pgfault"] == 40 && table["last"] == 7)
        #expect(table["pg"] == nil && table["fault"] == nil && table["missing"] == nil)
    }

    @Test(arguments: ["key", "key ", "key x", "key 1 2", "key -1", "key 18446744073709551616", "key1 2", "", "\n\n"])
    func whatIsNoNumberIsAbsent(_ text: String) { #expect(KeyedNumbers(Array(text.utf8))["key"] == nil) }

    @Test func theLargestIsRead() { #expect(KeyedNumbers(Array("key 18446744073709551615\n".utf8))["key"] == .max) }
}
