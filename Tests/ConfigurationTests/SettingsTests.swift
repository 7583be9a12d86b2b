import Configuration
import Testing

@Suite struct SettingsTests {
    @Test func slotsAreWhole() { #expect(SlotRange().count == 4094) }
}
