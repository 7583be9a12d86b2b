import Foundation

/// JSON of any form, for looking into what `--json` prints.
public struct JSONValue: @unchecked Sendable, CustomStringConvertible {
    /// What JSONSerialization made of it; never changed.
    private let value: Any?

    private init(_ value: Any?) { self.value = value is NSNull ? nil : value }

    /// Nil when the text is no JSON.
    public init?(_ text: String) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed]) else { return nil }
        self.init(value)
    }

    public subscript(_ key: String) -> JSONValue { JSONValue((value as? [String: Any])?[key]) }
    public subscript(_ index: Int) -> JSONValue {
        guard let list = value as? [Any] else { return JSONValue(nil) }
        let at = index < 0 ? list.count + index : index
        return JSONValue(list.indices.contains(at) ? list[at] : nil)
    }
    public var exists: Bool { value != nil }
    public var text: String? { value as? String }
    public var number: Int? { (value as? NSNumber)?.intValue }
    public var flag: Bool? { value as? Bool }
    public var list: [JSONValue] { (value as? [Any])?.map { JSONValue($0) } ?? [] }
    public var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
    public var description: String {
        guard let value, let data = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys]) else {
            return "null"
        }
        return String(decoding: data, as: UTF8.self)
    }
}
