import JobModel
import Testing

@Suite struct NearestNameTests {
    @Test func findsTheWordMeant() {
        #expect(NearestName.of("memroy", in: ["memory", "cores"]) == "memory")
        #expect(NearestName.of("colour", in: ["memory", "cores"]) == nil)
    }
}
