/// Elements of a drawing; lengths are in the units of its box.
enum SVG {
    static func open(_ name: String, _ width: Double, _ height: Double) -> String {
        "<svg class=\"plot\" id=\"\(name)\" role=\"img\" viewBox=\"0 0 \(HTMLText.number(width)) \(HTMLText.number(height))\">"
    }

    static func line(_ style: String, _ x1: Double, _ x2: Double, _ y1: Double, _ y2: Double) -> String {
        let places = [("x1", x1), ("x2", x2), ("y1", y1), ("y2", y2)].map { "\($0.0)=\"\(HTMLText.number($0.1))\"" }
        return "<line class=\"\(style)\" \(places.joined(separator: " "))/>"
    }

    static func text(_ style: String, _ x: Double, _ y: Double, _ text: String, anchor: String = "start") -> String {
        "<text class=\"\(style)\" x=\"\(HTMLText.number(x))\" y=\"\(HTMLText.number(y))\" text-anchor=\"\(anchor)\">\(HTMLText.escape(text))</text>"
    }

    /// - Parameter data: a name and a value for whoever looks for the element.
    static func rect(
        _ style: String, x: Double, y: Double, width: Double, height: Double, data: (name: String, value: String)? = nil, title: String = ""
    ) -> String {
        let places = [("x", x), ("y", y), ("width", width), ("height", height)].map { "\($0.0)=\"\(HTMLText.number($0.1))\"" }
        let mark = data.map { " data-\($0.name)=\"\(HTMLText.escape($0.value))\"" } ?? ""
        let hint = title.isEmpty ? "" : "<title>\(HTMLText.escape(title))</title>"
        return "<rect class=\"\(style)\"\(mark) \(places.joined(separator: " "))>\(hint)</rect>"
    }
}
