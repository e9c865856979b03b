// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that what an example needs never reaches the library's users.
let package = Package(
    name: "swift-ipvs-examples",
    dependencies: [
        .package(name: "swift-ipvs", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .executableTarget(
            name: "ipvs-demo",
            dependencies: [.product(name: "IPVS", package: "swift-ipvs")]
        ),
        .executableTarget(
            name: "ipvsctl",
            dependencies: [
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .testTarget(
            name: "ipvsctlTests",
            dependencies: [
                "ipvsctl",
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Fixtures"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
