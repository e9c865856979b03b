// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that what an example needs never reaches the library's users.
let package = Package(
    name: "swift-ipvs-examples",
    dependencies: [.package(name: "swift-ipvs", path: "..")],
    targets: [
        .executableTarget(
            name: "ipvs-demo",
            dependencies: [.product(name: "IPVS", package: "swift-ipvs")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
