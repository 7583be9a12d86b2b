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
        (#"{"resources": {"memroy": 1}}"#, "resources.memroy: found an unknown field (the nearest name is 'memory'), accepted"),
        (#"{"resources": {"io": [{"readBytesPerSecond": 5000}, {"read": 1}]}}"#, "resources.io[1].read: found an unknown field"),
        (
            #"{"resources": {}, "mounts": [{"kind": "tmpfs", "target": "/x", "readOnly": false, "siez": 5}]}"#,
            "mounts[0].siez: found an unknown field (the nearest name is 'size')"
        ), (#"{"resources": {}, "retries": {"count": 1, "outcomes": [], "backof": 1}}"#, "retries.backof: found an unknown field"),
        (#"{"resources": {}, "dependencies": [{"kind": "after", "job": 1, "x": 1}]}"#, "dependencies[0].x: found an unknown field"),
        (#"{"resources": {}, "name": null, "output": null, "mounts": null, "a": 1}"#, "a: found an unknown field"),
        (#"{"resources": {}, "mounts": 5}"#, "mounts: found a value of another type"),
        (#"{"resources": []}"#, "resources: found a value of another type"), (#"{}"#, "resources: found no value"), ("5", "spec: found"),
    ]) func unknownFieldsAreRefused(_ json: String, _ start: String) throws {
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)) }
        let line = error.map { SpecError($0).description } ?? ""
        #expect(line.hasPrefix(start), "\(line)")
    }

    @Test func nullsAreAbsent() throws {
        let json = #"{"resources": {"io": null}, "name": null, "output": null, "mounts": null, "command": ["x"]}"#
        #expect(try JSONDecoder().decode(StrictJobSpec.self, from: Data(json.utf8)).spec.command == ["x"])
    }
}
