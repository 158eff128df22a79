// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Warnings are errors in this project's own builds (`WEIR_STRICT=1`, set by `make check`); a package that depends on
// Weir never sees the flag, which SwiftPM would refuse in a dependency.
let strict = ProcessInfo.processInfo.environment["WEIR_STRICT"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

// The library's modules. What imports `Weir` names them all: a change in one of them must rebuild it, and the build
// system looks at direct dependencies only.
let library = ["StateBackend", "StreamFormats", "StreamCore", "StreamOperators", "StreamConnectors", "Weir"]
let weir = library.map { Target.Dependency.byName(name: $0) }

let package = Package(
    name: "weir",
    products: [
        .library(name: "Weir", targets: library),
        .library(name: "WeirRocksDB", targets: ["RocksDBBackend"]),
        .library(name: "WeirLifecycle", targets: ["JobLifecycle"]),
        .library(name: "WeirPostgres", targets: ["SQLConnector", "PostgresConnector"]),
        .library(name: "WeirSQLite", targets: ["SQLConnector", "SQLiteConnector"]),
        .library(name: "StreamTesting", targets: ["StreamTesting"]),
        .library(name: "AdAnalyticsJob", targets: ["AdAnalyticsJob"]),
        .executable(name: "ad-analytics", targets: ["AdAnalyticsRunner"]),
        .executable(name: "weir", targets: ["WeirCommand"]),
    ],
    traits: [
        .trait(name: "SQLite", description: "The sink into SQLite (product WeirSQLite), for which GRDB is fetched.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C: a header of intrinsics and system calls, and the system libraries.
        .target(name: "CWeir"),
        .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // The library. Arrows point one way: each target names only targets above it.
        .target(name: "StateBackend", dependencies: ["CWeir", "CLZ4", "CZstd"], swiftSettings: swiftSettings),
        .target(
            name: "StreamFormats", dependencies: ["CLZ4", "CWeir", "CZlib", "CZstd"], swiftSettings: swiftSettings),
        .target(
            name: "StreamCore",
            dependencies: [
                "CWeir", "StateBackend", .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ], swiftSettings: swiftSettings),
        .target(
            name: "StreamOperators", dependencies: ["CWeir", "StateBackend", "StreamCore", "StreamFormats"],
            swiftSettings: swiftSettings),
        .target(
            name: "StreamConnectors", dependencies: ["CWeir", "StateBackend", "StreamCore", "StreamFormats"],
            swiftSettings: swiftSettings),
        .target(
            name: "Weir",
            dependencies: ["StateBackend", "StreamCore", "StreamFormats", "StreamOperators", "StreamConnectors"],
            swiftSettings: swiftSettings),
        // State on disk. Not part of `Weir`, so that what doesn't need it doesn't link RocksDB.
        .target(name: "CRocksDBShim", dependencies: ["CRocksDB"], linkerSettings: [.linkedLibrary("rocksdb")]),
        .target(
            name: "RocksDBBackend", dependencies: ["CRocksDBShim", "StateBackend"], swiftSettings: swiftSettings),
        // A job as a service of swift-service-lifecycle: signals stop it.
        .target(
            name: "JobLifecycle",
            dependencies: [
                "StateBackend", "StreamCore", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: swiftSettings),
        // Databases. Products of their own: what doesn't name them needs neither libpq nor GRDB.
        .target(name: "SQLConnector", dependencies: weir, swiftSettings: swiftSettings),
        .target(
            name: "PostgresConnector", dependencies: weir + ["CLibPQ", "SQLConnector"], swiftSettings: swiftSettings),
        .target(
            name: "SQLiteConnector",
            dependencies: weir + [
                "SQLConnector", .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ], swiftSettings: swiftSettings),
        .target(name: "StreamTesting", dependencies: weir, swiftSettings: swiftSettings),

        // The sample application.
        .target(name: "AdAnalyticsJob", dependencies: weir, swiftSettings: swiftSettings),
        .executableTarget(
            name: "AdAnalyticsRunner",
            dependencies: weir + [
                "AdAnalyticsJob", "JobLifecycle", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: swiftSettings),

        // The command `weir`, which looks into snapshots.
        .executableTarget(
            name: "WeirCommand",
            dependencies: [
                "CWeir", "RocksDBBackend", "StateBackend",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swiftSettings),

        .testTarget(
            name: "NativeLibraryTests", dependencies: ["CRocksDB", "CLZ4", "CZstd"], swiftSettings: swiftSettings),
        .testTarget(
            name: "StateBackendTests", dependencies: weir + ["CWeir", "StreamTesting", "SnapshotCrasher"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RocksDBBackendTests",
            dependencies: weir + ["MemoryProbe", "RocksDBBackend", "SnapshotCrasher", "StreamTesting"],
            swiftSettings: swiftSettings),
        // Holds much state in a process of its own; started by the tests of RocksDBBackend.
        .executableTarget(
            name: "MemoryProbe", dependencies: weir + ["RocksDBBackend"], swiftSettings: swiftSettings),
        // Writes snapshots, by themselves or as a job over RocksDB does, until it is killed; started by the tests of
        // StateBackend and RocksDBBackend.
        .executableTarget(
            name: "SnapshotCrasher", dependencies: weir + ["RocksDBBackend"], swiftSettings: swiftSettings),
        .testTarget(name: "StreamFormatsTests", dependencies: ["StreamFormats"], swiftSettings: swiftSettings),
        .testTarget(
            name: "StreamCoreTests",
            dependencies: weir + ["StreamTesting", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StreamOperatorsTests", dependencies: weir + ["StreamTesting"], swiftSettings: swiftSettings),
        .testTarget(
            name: "StreamConnectorsTests", dependencies: weir + ["StreamTesting"], swiftSettings: swiftSettings),
        // Simulates jobs under seeds: `make sim`, and the tests of StreamTesting.
        .executableTarget(
            name: "SimulationRunner",
            dependencies: weir + [
                "RocksDBBackend", "StreamTesting", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swiftSettings),
        .testTarget(
            name: "PostgresConnectorTests",
            dependencies: weir + ["CommitCrasher", "PostgresConnector", "SQLConnector", "StreamTesting"],
            swiftSettings: swiftSettings),
        // Runs a job with sinks into files and PostgreSQL until it is killed; started by the tests of PostgresConnector.
        .executableTarget(
            name: "CommitCrasher", dependencies: weir + ["PostgresConnector", "SQLConnector"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SQLiteConnectorTests",
            dependencies: weir + [
                "SQLConnector", "SQLiteConnector", "StreamTesting",
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ], swiftSettings: swiftSettings),
        .testTarget(
            name: "StreamTestingTests", dependencies: weir + ["RocksDBBackend", "SimulationRunner", "StreamTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SimulationTests", dependencies: weir + ["RocksDBBackend", "SimulationRunner", "StreamTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "AdAnalyticsJobTests", dependencies: weir + ["AdAnalyticsJob", "AdAnalyticsRunner", "StreamTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeirCommandTests",
            dependencies: [
                "WeirCommand", "StateBackend", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swiftSettings),
        // The code of the guides, which their pages show word for word.
        .testTarget(
            name: "GuideTests",
            dependencies: weir + [
                "AdAnalyticsJob", "PostgresConnector", "SQLConnector", "SQLiteConnector", "StreamTesting",
            ], swiftSettings: swiftSettings),
        .testTarget(name: "TidyTests", swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)
