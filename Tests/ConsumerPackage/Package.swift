// swift-tools-version: 6.1
import PackageDescription

// A package of a user's: it sees Weir's products only. Built and run by `make consumer`.
let package = Package(
    name: "consumer",
    dependencies: [
        // Named, since a path's own name is that of the directory which the clone happens to be in.
        .package(name: "weir", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "Consumer",
            dependencies: [
                .product(name: "Weir", package: "weir"),
                .product(name: "AdAnalyticsJob", package: "weir"),
            ])
    ]
)
