import JobModel

/// Splits a line into words as a shell would, without expanding anything.
enum ShellWords {
    enum Failure: Error, Hashable {
        case openQuote
        /// An unquoted character that only a shell acts on.
        case operation(Character)
    }

    /// With `strict`, characters that a shell would act on are refused where they stand unquoted; else a word that begins with `#` ends the line.
    static func split(_ text: String, strict: Bool) throws(Failure) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = text.makeIterator()
        while let character = characters.next() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"" {
                    guard let next = characters.next() else { throw .openQuote }
                    word?.append(contentsOf: "\"\\$`".contains(next) ? "\(next)" : "\\\(next)")
                } else {
                    word?.append(character)
                }
                continue
            }
            switch character {
            case "'", "\"":
                quote = character
                word = word ?? ""
            case "\\":
                guard let next = characters.next() else { throw .openQuote }
                word = (word ?? "") + String(next)
            case _ where character.isWhitespace:
                if let finished = word { words.append(finished) }
                word = nil
            case "#" where !strict && word == nil: return words
            case _ where strict && "|&;<>()$`*?".contains(character): throw .operation(character)
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw .openQuote }
        if let finished = word { words.append(finished) }
        return words
    }
}
