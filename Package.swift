// swift-tools-version: 6.2
import PackageDescription

// Every target is compiled with the same strictness; see docs/architecture.md for the layers.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// The launcher is Embedded Swift: no runtime, no Foundation, one static binary.
let embedded: [SwiftSetting] =
    strict + [
        .enableExperimentalFeature("Embedded"),
        .unsafeFlags(["-wmo", "-no-static-stdlib"]),
    ]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let embeddedChannels = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "berth",
    products: [
        .executable(name: "berth", targets: ["berth"]),
        .executable(name: "berthd", targets: ["berthd"]),
        .executable(name: "berth-init", targets: ["berth-init"]),
        .executable(name: "berth-helper", targets: ["berth-helper"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Layer 0
        .target(name: "CLinux"),
        library("LaunchProgram", ["CLinux"]),
        library("JobLog", ["CLinux"]),
        library("JobModel"),
        library("OCISpec"),
        .target(name: "LaunchProgramEmbedded", dependencies: ["CLinux"], swiftSettings: embedded),
        .target(name: "JobLogEmbedded", dependencies: ["CLinux"], swiftSettings: embedded),
        // Layer 1
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCapability", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        library("Launcher", ["CLinux", "LaunchProgram", "JobLog"]),
        .target(
            name: "LauncherEmbedded", dependencies: ["CLinux", "LaunchProgramEmbedded", "JobLogEmbedded"],
            // The sources import the ordinary names, which are taken by the targets of the other mode.
            swiftSettings: embedded + [
                .unsafeFlags(["-module-alias", "LaunchProgram=LaunchProgramEmbedded", "-module-alias", "JobLog=JobLogEmbedded"])
            ]),
        library("LinuxSys", ["CLinux", "CSeccomp", "CCapability"]),
        library("JobSpecs", ["JobModel", yams]),
        // `Configuration` is taken by a package that the HTTP server uses.
        library("DaemonConfiguration", ["JobModel", yams]),
        library("Scheduling", ["JobModel", collections]),
        library("JobStore", ["JobModel"]),
        library("API", ["JobModel"]),
        library("Telemetry", [metrics]),
        // Layer 2
        library("Topology", ["JobModel", "LinuxSys"]),
        library("Cgroups", ["JobModel", "LinuxSys"]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        library("Archives", ["OCISpec", "LinuxSys", "CArchive", crypto]),
        library("Inspection", ["API", "LinuxSys"]),
        library("Images", ["JobModel", "OCISpec", "LinuxSys", crypto]),
        library("Database", ["JobModel", "JobStore", "LinuxSys", grdb, sqlite]),
        // Layer 3
        library("Containers", ["JobModel", "LaunchProgram", "JobLog", "LinuxSys", "Cgroups", "OCISpec"]),
        library("Reports", ["API", "JobModel"]),
        library("APIDescription", ["API", "JobModel", "Reports"]),
        // Layer 4
        library(
            "NodeAgent",
            ["API", "JobModel", "Containers", "Images", "Cgroups", "Topology", "OCISpec", "LinuxSys", "JobLog", "Telemetry", logging, metrics]),
        library(
            "Controller",
            ["JobModel", "JobStore", "Scheduling", "Database", "NodeAgent", "Reports", "API", "LinuxSys", "Telemetry", logging, metrics]),
        library(
            "Server",
            [
                "Controller", "NodeAgent", "Containers", "Images", "OCISpec", "JobLog", "API", "APIDescription", "JobModel", "LinuxSys", "Reports",
                "Telemetry", logging,
                metrics, hummingbird, lifecycle,
            ]),
        library("Client", ["API", "JobModel", "LinuxSys", "Reports"]),
        // Layer 5
        .executableTarget(
            name: "berth", dependencies: ["Client", "API", "JobModel", "JobSpecs", "LinuxSys", "Reports", argumentParser], swiftSettings: strict,
            // Without the dynamic linker a command starts in half the time.
            linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),
        .executableTarget(
            name: "berthd",
            dependencies: [
                "Server", "Controller", "NodeAgent", "DaemonConfiguration", "Database", "Topology", "Images", "Cgroups", "Containers",
                "JobStore", "Scheduling", "API", "JobModel", "LinuxSys", "Telemetry", logging, metrics, argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "berth-init", dependencies: ["CLinux", "LauncherEmbedded"], swiftSettings: embedded,
            linkerSettings: [
                .unsafeFlags(["-enable-experimental-feature", "Embedded", "-no-static-stdlib", "-Xclang-linker", "-static"])
            ]),
        .executableTarget(
            name: "berth-helper", dependencies: ["Archives", "API", "Inspection", "OCISpec", "LinuxSys", argumentParser], swiftSettings: strict),
        // Tests. None depends on `berth-init`: its linker settings would reach the test bundle; `swift build` makes it beside them.
        .target(
            name: "TestSupport", dependencies: ["JobModel", "LinuxSys", "OCISpec", crypto], path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "HistoryChecker", dependencies: ["TestSupport", "LinuxSys"], path: "Tests/HistoryChecker", swiftSettings: strict),
        tests("HistoryChecker", ["LinuxSys"]),
        // Feeds decoders with random inputs, in processes of its own: `make fuzz`, and for some seconds in the tests.
        .executableTarget(
            name: "berth-fuzz",
            dependencies: [
                "TestSupport", "API", "Archives", "Cgroups", "Client", "DaemonConfiguration", "Images", "JobLog", "JobModel", "JobSpecs", "JobStore",
                "LaunchProgram",
                "LinuxSys", "OCISpec",
            ],
            path: "Tests/Fuzz", exclude: ["Corpus", "LibFuzzer"], swiftSettings: strict),
        .testTarget(
            name: "FuzzTests", dependencies: ["TestSupport", "LinuxSys", "berth-fuzz"], swiftSettings: strict),
        tests("JobModel"), tests("LaunchProgram"), tests("JobLog"),
        tests("Launcher", ["LaunchProgram", "JobLog", "LinuxSys"]),
        tests("LinuxSys"), tests("JobSpecs", ["JobModel"]), tests("DaemonConfiguration", ["JobModel"]),
        tests("Scheduling", ["JobModel"]), tests("JobStore", ["JobModel", "Database"]), tests("API", ["JobModel"]),
        tests("Telemetry", [metrics]), tests("APIDescription", ["API", "JobModel"]),
        tests("Topology", ["JobModel", "LinuxSys"]), tests("Cgroups", ["JobModel", "LinuxSys"]),
        tests("Archives", ["OCISpec", "LinuxSys", crypto]),
        tests("Inspection", ["API", "LinuxSys", "berth-helper"]),
        tests("Images", ["OCISpec", "LinuxSys", "JobModel", "berth-helper", crypto]),
        tests("Database", ["JobModel", "JobStore", "LinuxSys", grdb]), tests("Reports", ["API", "JobModel"]),
        tests("Containers", ["JobModel", "LaunchProgram", "LinuxSys"]),
        tests(
            "NodeAgent",
            ["API", "Cgroups", "Containers", "Images", "JobLog", "JobModel", "LaunchProgram", "LinuxSys", "berth-helper", "berthd", logging]),
        tests("Controller", ["API", "Database", "JobModel", "JobStore", "NodeAgent", "Reports", "Scheduling", logging]),
        tests("Server", ["API", "Controller", "JobModel", "LinuxSys", "NodeAgent", "Reports", hummingbird, logging, embeddedChannels]),
        tests("Client", ["API", "JobModel", "LinuxSys"]),
        tests("berth", ["Client", "JobSpecs", "API", "JobModel", "LinuxSys", "Reports", argumentParser]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "TestSupport", "HistoryChecker", "API", "Client", "DaemonConfiguration", "Database", "JobLog", "JobModel", "JobStore", "LinuxSys",
                "berth", "berthd",
                "berth-helper",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
