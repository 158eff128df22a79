// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Warnings are errors in this project's own builds, as in the library's package.
let strict = ProcessInfo.processInfo.environment["WEIR_STRICT"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

// The library.
let library: [Package.Dependency] = [.package(name: "weir", path: "..")]
let libraryProducts: [Target.Dependency] = [.product(name: "Weir", package: "weir")]
let rocksDB = Target.Dependency.product(name: "WeirRocksDB", package: "weir")

let package = Package(
    name: "weir-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: library,
    targets: [
        // A header of intrinsics and system calls.
        .target(name: "CBenchmark"),
        // Generators, digest, query table, meter and the seam; knows neither engine nor hand loops.
        .target(name: "Workloads", dependencies: ["CBenchmark"], swiftSettings: swiftSettings),
        .target(name: "HandLoops", dependencies: ["CBenchmark", "Workloads"], swiftSettings: swiftSettings),
        .target(
            name: "EngineQueries", dependencies: ["CBenchmark", "Workloads", rocksDB] + libraryProducts,
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "WeirBench", dependencies: ["CBenchmark", "EngineQueries", "HandLoops", "Workloads"],
            swiftSettings: swiftSettings),
        // Where the time of the sample application goes, on a file.
        .executableTarget(
            name: "AdFileBench",
            dependencies: ["CBenchmark", .product(name: "AdAnalyticsJob", package: "weir")] + libraryProducts,
            swiftSettings: swiftSettings),
        // What overlap costs: sliding windows beside tumbling ones of the same input.
        .executableTarget(
            name: "WindowOverlapBench", dependencies: ["CBenchmark"] + libraryProducts, swiftSettings: swiftSettings),

        // What a read-modify-write of keyed state costs, in memory and over RocksDB.
        .executableTarget(
            name: "StateBench",
            dependencies: ["CBenchmark", "HandLoops", .product(name: "WeirRocksDB", package: "weir")] + libraryProducts,
            swiftSettings: swiftSettings, linkerSettings: [.linkedLibrary("rocksdb")]),
        // What snapshots of a large state cost, and the way back.
        .executableTarget(
            name: "SnapshotBench",
            dependencies: ["CBenchmark", .product(name: "WeirRocksDB", package: "weir")] + libraryProducts,
            swiftSettings: swiftSettings),
        // How a job does that has little to do: single records, and none.
        .executableTarget(
            name: "PulseBench", dependencies: ["CBenchmark", "Workloads"] + libraryProducts,
            swiftSettings: swiftSettings),
        // The hops of the record path, one by one, for counters of allocations and instructions.
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "GuardBench", dependencies: ["CAllocationCount"] + libraryProducts, swiftSettings: swiftSettings),
        .testTarget(name: "WorkloadsTests", dependencies: ["Workloads"], swiftSettings: swiftSettings),
        .testTarget(name: "HandLoopsTests", dependencies: ["HandLoops", "Workloads"], swiftSettings: swiftSettings),
        .testTarget(name: "WeirBenchTests", dependencies: ["WeirBench", "Workloads"], swiftSettings: swiftSettings),
    ]
)
