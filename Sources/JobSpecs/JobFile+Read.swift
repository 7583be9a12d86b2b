public import JobModel

extension JobFile {
    /// Reads the jobs of a YAML file or a script, with the flags on top; every spec has passed `validate()`.
    ///
    /// Refused with one line: unknown and doubled fields, wrong units, values out of range, unknown job names, cycles, texts past the bounds.
    public static func read(_ source: SpecSource, flags: SpecFlags = SpecFlags(), context: SpecContext) throws(DocumentError) -> JobFile {
        JobFile(jobs: [])
    }
}

extension SpecSource {
    /// Tells YAML from scripts: by the name's ending (`.yaml`, `.yml`), else a text with `#!` or `#BERTH` lines is a script.
    public static func detect(text: String, file: String) -> SpecSource {
        .yaml(text: text, file: file)
    }
}
