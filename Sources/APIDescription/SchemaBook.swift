import JobModel

/// Finds the schemas of types by having them read from nothing: what a type's `init(from:)` asks for is what it is made of.
///
/// So the description cannot differ from what the daemon reads, whether the compiler wrote the reading or we did.
final class SchemaBook {
    private(set) var objects: [String: ObjectSchema] = [:]
    private var known: [ObjectIdentifier: Schema] = [:]
    /// Types on the way, so that one that holds itself ends.
    private var open: Set<ObjectIdentifier> = []
    private let isClosed: Bool

    /// - Parameter isClosed: for requests, whose unknown fields are refused.
    init(isClosed: Bool) { self.isClosed = isClosed }

    /// A type that cannot be read from any of the samples.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func schema(of type: any Decodable.Type) throws -> Schema {
        let key = ObjectIdentifier(type)
        if let schema = known[key] { return schema }
        if let schema = Self.plain(type) { return schema }
        if let wrapper = type as? any Wrapper.Type { return try wrapper.schema(in: self) }
        guard open.insert(key).inserted else { return .reference(Self.name(of: type)) }
        defer { open.remove(key) }
        let schema = try probed(type)
        known[key] = schema
        return schema
    }

    /// A value of the type, whatever its fields hold, for a reader that needs one to go on.
    func value<T: Decodable>(_ type: T.Type, choosing choice: Int) throws -> T {
        if let wrapper = type as? any Wrapper.Type, let empty = wrapper.empty as? T { return empty }
        if let words = type as? any CaseIterable.Type, let word = Self.cases(words, choice) as? T { return word }
        return try Probe.Sample.all.lazy.compactMap { try? T(from: Probe(in: self, $0, choice: choice)) }.first
            .orThrow(Failure(description: "\(type) is read from none of the samples"))
    }

    private func probed<T: Decodable>(_ type: T.Type) throws -> Schema {
        if let words = Self.words(type) { return .words(words) }
        var result: ObjectSchema?
        // What is read may depend on a field such as `kind`: each of its words is tried.
        var (choice, choices) = (0, 1)
        while choice < choices {
            let probe = try self.probe(type, choice)
            if let single = probe.record.single { return single }
            choices = max(choices, probe.record.words)
            let found = probe.record.object
            if let known = result {
                result?.properties.merge(found.properties) { old, _ in old }
                result?.required = known.required.intersection(found.required)
            } else {
                result = found
            }
            choice += 1
        }
        var object = result ?? ObjectSchema()
        object.isClosed = isClosed
        objects[Self.name(of: type)] = object
        return .reference(Self.name(of: type))
    }

    /// The reading of the type that went through.
    private func probe<T: Decodable>(_ type: T.Type, _ choice: Int) throws -> Probe {
        var problem = ""
        for sample in Probe.Sample.all {
            let probe = Probe(in: self, sample, choice: choice)
            do {
                _ = try T(from: probe)
                return probe
            } catch { problem = "\(error)" }
        }
        throw Failure(description: "\(type) is read from none of the samples: \(problem)")
    }

    /// The type's name within its module: `SubmitReply.Job`.
    private static func name(of type: any Any.Type) -> String {
        // Its fields are those of the job spec; only its refusals differ.
        if type == StrictJobSpec.self { return "JobSpec" }
        return String(reflecting: type).split(separator: ".").dropFirst().joined(separator: ".")
    }

    private static func words(_ type: any Decodable.Type) -> [String]? {
        guard let cases = type as? any CaseIterable.Type else { return nil }
        func texts<C: CaseIterable>(_: C.Type) -> [String] { C.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String } }
        let words = texts(cases)
        return words.isEmpty ? nil : words
    }

    private static func cases<C: CaseIterable>(_: C.Type, _ choice: Int) -> Any? {
        let all = Array(C.allCases)
        return all.isEmpty ? nil : all[choice % all.count]
    }

    static func plain(_ type: any Any.Type) -> Schema? {
        switch type {
        case is String.Type: .text
        case is Bool.Type: .flag
        case is Double.Type, is Float.Type: .number
        case is Int.Type, is Int64.Type: .integer(nil)
        case is UInt.Type, is UInt64.Type: .integer(0...Int64.max)
        case is Int32.Type: .integer(Int64(Int32.min)...Int64(Int32.max))
        case is Int16.Type: .integer(Int64(Int16.min)...Int64(Int16.max))
        case is UInt32.Type: .integer(0...Int64(UInt32.max))
        case is UInt16.Type: .integer(0...Int64(UInt16.max))
        case is UInt8.Type: .integer(0...Int64(UInt8.max))
        case is NamedRequest.Type: .choice([.integer(0...Int64.max), .list(.text)])
        default: nil
        }
    }
}

extension Optional {
    fileprivate func orThrow(_ error: some Error) throws -> Wrapped {
        guard let self else { throw error }
        return self
    }
}

/// Types that hold others, whose own reading would see nothing.
private protocol Wrapper {
    static var empty: Any { get }
    static func schema(in book: SchemaBook) throws -> Schema
}

extension Optional: Wrapper where Wrapped: Decodable {
    static var empty: Any { Self.none as Any }
    static func schema(in book: SchemaBook) throws -> Schema { try book.schema(of: Wrapped.self) }
}
extension Array: Wrapper where Element: Decodable {
    static var empty: Any { Self() }
    static func schema(in book: SchemaBook) throws -> Schema { .list(try book.schema(of: Element.self)) }
}
extension Set: Wrapper where Element: Decodable {
    static var empty: Any { Self() }
    static func schema(in book: SchemaBook) throws -> Schema { .list(try book.schema(of: Element.self)) }
}
extension Dictionary: Wrapper where Key == String, Value: Decodable {
    static var empty: Any { Self() }
    static func schema(in book: SchemaBook) throws -> Schema { .map(try book.schema(of: Value.self)) }
}
