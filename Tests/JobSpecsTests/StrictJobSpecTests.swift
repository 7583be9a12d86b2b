import Foundation
import JobModel
import Testing

@Suite struct StrictJobSpecTests {
    @Test func everyFieldOfTheModelIsKnown() throws {
        let spec = ValidationTests.good
        let json = try JSONEncoder().encode(spec)
        #expect(try JSONDecoder().decode(StrictJobSpec.self, from: json).spec == spec)
        for form in FieldForm.all {
            var spec = JobSpec()
            spec.script = "x"
            form.expected(&spec)
            #expect(try JSONDecoder().decode(StrictJobSpec.self, from: JSONEncoder().encode(spec)).spec == spec, "\(form)")
        }
    }

    @Test(arguments: [
        (#"{"memroy": 1, "resources": {}}"#, "memroy: found an unknown field, accepted"),
        (#"{"resources": {"memroy": 1}}"#, "resources.memroy: found an unknown field, accepted cores, cpuMillis, memory,"),
        (#"{"resources": {"io": [{"readBytesPerSecond": 5000}, {"read": 1}]}}"#, "resources.io[1].read: found an unknown field"),
        (
            #"{"resources": {}, "mounts": [{"kind": "tmpfs", "target": "/x", "readOnly": false, "siez": 5}]}"#,
            "mounts[0].siez: found an unknown field, accepted kind, source, target, readOnly, size; the nearest name is 'size'"
        ), (#"{"resources": {}, "retries": {"count": 1, "outcomes": [], "backof": 1}}"#, "retries.backof: found an unknown field"),
        (#"{"resources": {}, "dependencies": [{"kind": "after", "job": 1, "x": 1}]}"#, "dependencies[0].x: found an unknown field"),
        (#"{"resources": {}, "name": null, "output": null, "mounts": null, "a": 1}"#, "a: found an unknown field"),
        (#"{"resources": {}, "mounts": 5}"#, "mounts: found number, accepted a list"),
        (#"{"resources": []}"#, "resources: found an array, accepted an object"), ("5", "spec: found"),
        (#"{"resources": {"memory": "4G"}}"#, "resources.memory: found the text '4G', accepted a plain number of bytes"),
        (#"{"resources": {"memory": -1}}"#, "resources.memory: found -1, accepted a plain number of bytes"),
        (#"{"timeLimit": "1h"}"#, "timeLimit: found the text '1h', accepted a plain number of milliseconds"),
        (#"{"timeLimit": 1.5}"#, "timeLimit: found 1.5, accepted a plain number of milliseconds"),
        (#"{"network": "hsot"}"#, "network: found 'hsot', accepted none, host; the nearest is 'host'"),
        (#"{"user": "nobody"}"#, "user: found 'nobody', accepted submitter, image, or a user number"),
        (#"{"array": {"indices": "x"}}"#, "array.indices: found 'x', accepted indices such as"),
    ]) func unknownFieldsAreRefused(_ json: String, _ start: String) throws {
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)) }
        let line = error.map { SpecError($0).description } ?? ""
        #expect(line.hasPrefix(start), "\(line)")
    }

    /// Found by the random inputs: a name of any length came back in the refusal.
    @Test func aLongNameIsCut() throws {
        let json = "{\"resources\": {\"\(String(repeating: "or", count: 5000))\": 1}}"
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)) }
        let line = error.map { SpecError($0).description } ?? ""
        #expect(line.hasPrefix("resources.oror") && line.contains("...: found an unknown field") && line.utf8.count < 1000, "\(line)")
    }

    @Test func nullsAreAbsent() throws {
        let json = #"{"resources": {"io": null}, "name": null, "output": null, "mounts": null, "command": ["x"]}"#
        #expect(try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)).spec.command == ["x"])
    }

    /// What is left out is as in a file.
    @Test func absentFieldsTakeTheDefaultsOfAFile() throws {
        let json = #"""
            {"script": "x\n", "output": {"path": "/o"}, "retries": {"count": 2}, "mounts": [{"kind": "bind", "source": "/d", "target": "/d"}]}
            """#
        let text = "script: x\noutput: /o\nretries: 2\nmounts: /d:/d\n"
        let spec = try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)).spec
        var file = try yaml(text)
        file.submitDirectory = nil
        #expect(spec == file)
        #expect(try JSONDecoder().decode(StrictJobSpec.self, from: Data("{}".utf8)).spec == JobSpec())
    }
}
