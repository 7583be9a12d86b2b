import JobModel
import Yams

extension DocumentError {
    /// The library's error as one line.
    init(_ error: YamlError, text: String, firstLine: Int) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
            self.init(line: Self.line(mark.line, text, firstLine), found: "text that is not YAML (\(reason))", accepted: "YAML")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            self.init(
                line: Self.secondLine(of: key, after: context.mark, in: text) + firstLine - 1, field: DocumentText.oneLine(key),
                found: "the field a second time (first in line \(context.mark.line + firstLine - 1))", accepted: "each field once")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.unicodeScalars.reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
            self.init(line: line + firstLine - 1, found: "text that is not YAML (\(problem))", accepted: "YAML")
        default: self.init(line: firstLine, found: "text that is not YAML", accepted: "YAML")
        }
    }

    /// Errors at the end of the text are marked one line behind it.
    private static func line(_ line: Int, _ text: String, _ firstLine: Int) -> Int {
        let lines = text.utf8.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        return min(line, max(1, text.utf8.last == UInt8(ascii: "\n") ? lines - 1 : lines)) + firstLine - 1
    }

    /// The library only says where the first of two equal keys stands: the next line with that key in the same column is the second.
    private static func secondLine(of key: String, after mark: Mark, in text: String) -> Int {
        // By bytes: to Swift's characters, CR LF is one and no line end.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated().dropFirst(mark.line) {
            guard line.prefix(mark.column - 1).allSatisfy({ $0 == UInt8(ascii: " ") }) else { continue }
            if line.dropFirst(mark.column - 1).starts(with: key.utf8) { return index + 1 }
        }
        return mark.line
    }
}
