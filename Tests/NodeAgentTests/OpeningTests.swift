import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// What a daemon makes of its directories at its first start, and leaves behind when it cannot start.
    @Suite struct OpeningTests {
        private func settings(_ place: TemporaryDirectory, _ runPlace: TemporaryDirectory, images: String) -> AgentSettings {
            AgentSettings(
                stateDirectory: place("state"), runDirectory: runPlace("run"), imageDirectory: images, socketPath: runPlace("berthd.sock"),
                initProgram: Programs.path("berth-init"), helperProgram: Programs.path("berth-helper"),
                seccompProfile: Programs.path("../../../Config/seccomp/default.json"),
                cgroupParent: "berth-test-\(place.path.split(separator: "-").last ?? "x")", slots: 1_879_048_192...2_147_352_575,
                isMachineWide: false)
        }

        private func withPlaces(_ body: (TemporaryDirectory, TemporaryDirectory) async throws -> Void) async throws {
            let (place, runPlace) = (try TemporaryDirectory("opening", mode: 0o755), try TemporaryDirectory("opening", in: "/run", mode: 0o755))
            defer {
                place.remove()
                runPlace.remove()
            }
            try await body(place, runPlace)
        }

        @Test("An image directory elsewhere is made with those above it, and is protected from the first start on") func imagesElsewhere()
            async throws
        {
            try await withPlaces { place, runPlace in
                let images = place("far/away/images")
                let services = try await NodeServices.open(
                    settings(place, runPlace, images: images), clock: try SystemClock(), running: [], logger: CapturedLog().logger)
                let protected = try services.protected.map { try $0.path() }
                #expect(protected.contains(images) && protected.contains(place("state")), "\(protected)")
                await services.shutDown()
            }
        }

        @Test("A daemon that cannot start leaves no group, mount, loop device or process") func leavesNothing() async throws {
            try await withPlaces { place, runPlace in
                // The store's lock is no file.
                for part in ["images", "images/lock"] { try place.directory(part) }
                let wanted = settings(place, runPlace, images: place("images"))
                await #expect(throws: (any Error).self) {
                    _ = try await NodeServices.open(wanted, clock: try SystemClock(), running: [], logger: CapturedLog().logger)
                }
                #expect(Leftovers.groups(below: wanted.cgroupParent) == [])
                #expect(!(try readTextFile("/proc/self/mountinfo").contains(place.path)))
                let lock = runPlace("run/attempts-\(try SystemClock().bootID)/lock")
                #expect(try Descriptor.open(lock, .readWrite).lock(), "the launcher has ended")
            }
        }
    }
}
