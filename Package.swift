// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "swift-ipvs",
    products: [
        .library(name: "IPVS", targets: ["IPVS"]),
        .library(name: "IPVSProxy", targets: ["IPVSProxy"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibNL",
            pkgConfig: "libnl-genl-3.0",
            providers: [.apt(["libnl-genl-3-dev"]), .yum(["libnl3-devel"])]
        ),
        .target(name: "CIPVS", dependencies: ["CLibNL"]),
        .target(name: "IPVS", dependencies: ["CIPVS"]),
        .target(
            name: "IPVSProxy",
            dependencies: [
                "IPVS", "CIPVS",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "IPVSTests",
            dependencies: ["IPVS", "CIPVS"],
            resources: [.copy("Fixtures")]
        ),
        .testTarget(name: "KernelTests", dependencies: ["IPVS", "CIPVS"]),
        .testTarget(
            name: "IPVSProxyTests",
            dependencies: [
                "IPVSProxy", "IPVS", "CIPVS",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "IPVSProxyKernelTests",
            dependencies: [
                "IPVSProxy", "IPVS", "CIPVS",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

for target in package.targets where target.type == .regular || target.type == .test {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // The library only: a test may be as unsafe as it likes.
    if target.type == .regular { target.swiftSettings?.append(.strictMemorySafety()) }
}
