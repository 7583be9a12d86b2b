import API
import Testing

@Suite struct RouteTests {
    @Test func everyRouteHasAMethodAndPathOfItsOwn() {
        #expect(Set(Route.allCases.map { "\($0.method.rawValue) \($0.pattern)" }).count == Route.allCases.count)
    }

    @Test func everyPathIsVersioned() {
        for route in Route.allCases { #expect(route.pattern.hasPrefix("/v1/"), "\(route)") }
    }

    @Test func noPathFitsTwoPatternsOfOneMethod() {
        // A placeholder at a place where another route has a word would make the router's order matter.
        for first in Route.allCases {
            for second in Route.allCases where first != second && first.method == second.method {
                let (a, b) = (first.pattern.split(separator: "/"), second.pattern.split(separator: "/"))
                guard a.count == b.count else { continue }
                let fits = zip(a, b).allSatisfy { $0 == $1 || $0.hasPrefix("{") || $1.hasPrefix("{") }
                #expect(!fits, "\(first) and \(second)")
            }
        }
    }

    @Test func placeholdersAreFilledIn() {
        #expect(Route.show.path("12") == "/v1/jobs/12")
        #expect(Route.sessionOutput.path("ab") == "/v1/sessions/ab/output")
        #expect(Route.node.path() == "/v1/node")
        #expect(Route.show.parameter == "job")
        #expect(Route.list.parameter == nil)
    }

    @Test func everyErrorHasAStatusOfItsOwn() {
        #expect(Set(APIError.Code.allCases.map(\.status)).count == APIError.Code.allCases.count)
        for code in APIError.Code.allCases { #expect((400..<600).contains(code.status)) }
    }
}
