import API
import Foundation
import JobModel
import Testing

@testable import APIDescription

@Suite struct OpenAPIDocumentTests {
    private typealias Members = [String: Any]

    private func document() throws -> [String: Any] {
        let bytes = try OpenAPIDocument.json(version: "1.2.3")
        #expect(try OpenAPIDocument.json(version: "1.2.3") == bytes)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? Members)
    }

    private func schema(_ name: String) throws -> [String: Any] {
        let components = try #require(try document()["components"] as? Members)
        return try #require((components["schemas"] as? Members)?[name] as? Members, "no schema \(name)")
    }

    private func properties(_ name: String) throws -> [String: Any] { try #require(try schema(name)["properties"] as? Members) }

    @Test func everyRouteIsThereOnce() throws {
        let paths = try #require(try document()["paths"] as? Members)
        let operations = paths.values.compactMap { $0 as? Members }.reduce(0) { $0 + $1.count }
        #expect(operations == Route.allCases.count)
        for route in Route.allCases {
            let path = try #require(paths[route.pattern] as? Members)
            let operation = try #require(path[route.method.rawValue.lowercased()] as? Members)
            #expect(operation["operationId"] as? String == route.rawValue)
            let named = (operation["parameters"] as? [Members] ?? []).filter { $0["in"] as? String == "path" }.compactMap { $0["name"] as? String }
            #expect(named == [route.parameter].compactMap { $0 })
            #expect((operation["requestBody"] != nil) == (route.method == .post), "\(route)")
        }
    }

    /// Each reference leads somewhere, and nothing is there that nobody means.
    @Test func referencesAreWhole() throws {
        var wanted: Set<String> = []
        func collect(_ value: Any) {
            if let object = value as? Members {
                if let reference = object["$ref"] as? String { wanted.insert(reference) }
                object.values.forEach(collect)
            }
            (value as? [Any])?.forEach(collect)
        }
        let document = try document()
        collect(document)
        let components = try #require(document["components"] as? [String: Members])
        let there = Set(components.flatMap { kind, members in members.keys.map { "#/components/\(kind)/\($0)" } })
        #expect(wanted.subtracting(there).isEmpty)
        // Lines of the event stream are no JSON document, so that no path refers to them.
        #expect(there.subtracting(wanted) == ["#/components/schemas/EventLine"])
    }

    /// What the schemas say of a job spec is what its reader takes.
    @Test func aJobSpecHasItsFields() throws {
        let names = Set(Mirror(reflecting: JobSpec()).children.compactMap(\.label))
        #expect(Set(try properties("JobSpec").keys) == names)
        let resources = Set(Mirror(reflecting: ResourceRequest()).children.compactMap(\.label))
        #expect(Set(try properties("ResourceRequest").keys) == resources)
        #expect(try schema("JobSpec")["additionalProperties"] as? Bool == false)
        #expect(try schema("ListReply")["additionalProperties"] == nil)
        #expect(try schema("SubmitRequest")["required"] as? [String] == ["jobs"])
    }

    /// A kind decides which fields are there: all of them are described, and only the kind is always there.
    @Test func fieldsOfEachKindAreFound() throws {
        #expect(Set(try properties("AttemptOutcome").keys) == ["kind", "code", "signal", "operation", "errno"])
        #expect(try schema("AttemptOutcome")["required"] as? [String] == ["kind"])
        let kind = try #require(try properties("AttemptOutcome")["kind"] as? Members)
        #expect(kind["enum"] as? [String] == AttemptOutcome.Kind.allCases.map(\.rawValue))
    }

    @Test func plainFormsAreTold() throws {
        let resources = try properties("ResourceRequest")
        #expect((resources["memory"] as? Members)?["type"] as? String == "integer")
        #expect((resources["memory"] as? Members)?["minimum"] as? Int == 0)
        let named = try #require((resources["named"] as? Members)?["additionalProperties"] as? Members)
        #expect((named["oneOf"] as? [Members])?.compactMap { $0["type"] as? String } == ["integer", "array"])
        #expect((try properties("SubmitReply.Job")["id"] as? Members)?["type"] as? String == "integer")
        #expect((try properties("WaitReply.Result")["task"] as? Members)?["type"] as? String == "string")
    }

    /// The query as described is read to the last field: one that the description lacks would stay empty.
    @Test(arguments: [
        (Route.list, ListRequest.self as any QueryRequest.Type), (.show, ShowRequest.self), (.inspect, InspectRequest.self),
        (.batchList, BatchRequest.self),
        (.batchShow, BatchRequest.self), (.report, ReportRequest.self), (.logs, LogRequest.self), (.events, EventRequest.self),
        (.imageList, ImageRequest.self), (.imageShow, ImageRequest.self), (.imageImport, ImageRequest.self), (.imageRemove, ImageRequest.self),
    ])
    func queriesAreWhole(route: Route, type: any QueryRequest.Type) throws {
        var query = Query()
        for parameter in route.query {
            switch parameter.schema {
            case .words(let words): query.add(parameter.name, words.contains("true") ? "1" : words.last)
            case .flag: query.add(parameter.name, "true")
            default: query.add(parameter.name, "1")
            }
        }
        let request = try type.init(query: query)
        let sent = request.query
        for parameter in route.query { #expect(sent[parameter.name] != nil, "\(parameter.name) is not read") }
        func check(_ value: Any, _ path: String) {
            for child in Mirror(reflecting: value).children {
                let place = "\(path).\(child.label ?? "")"
                let mirror = Mirror(reflecting: child.value)
                if mirror.displayStyle == .optional { #expect(!mirror.children.isEmpty, "\(place) is not described") }
                if let flag = child.value as? Bool { #expect(flag, "\(place) is not described") }
                if child.value is Selection { check(child.value, place) }
            }
        }
        check(request, "\(type)")
    }

    /// A type that a schema cannot be found of is told by name, not passed over.
    @Test func whatCannotBeReadIsNamed() {
        struct Stubborn: Decodable {
            init(from decoder: any Decoder) throws { _ = try decoder.unkeyedContainer() }
        }
        let error = #expect(throws: SchemaBook.Failure.self) { try SchemaBook(isClosed: true).schema(of: Stubborn.self) }
        #expect(error?.description.contains("Stubborn") == true)
    }
}
