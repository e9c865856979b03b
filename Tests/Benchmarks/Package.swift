// swift-tools-version: 6.2

import PackageDescription

// A separate package, so that its dependencies never reach users of the library.
let package = Package(
    name: "swift-ipvs-benchmarks",
    dependencies: [
        .package(name: "swift-ipvs", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
    ],
    targets: [
        .target(name: "CLayout"),
        .executableTarget(name: "ipvs-floor", dependencies: ["CLayout"]),
        .executableTarget(
            name: "ipvs-bench",
            dependencies: ["CLayout", .product(name: "IPVS", package: "swift-ipvs")]
        ),
        .executableTarget(
            name: "ipvs-proxy-bench",
            dependencies: [
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "IPVSNode", package: "swift-ipvs"),
                .product(name: "IPVSProxy", package: "swift-ipvs"),
                .product(name: "IPVSProxyNFTables", package: "swift-ipvs"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "ipvs-cluster-bench",
            dependencies: [
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "IPVSKubernetes", package: "swift-ipvs"),
                .product(name: "IPVSProxy", package: "swift-ipvs"),
                .product(name: "KubernetesAPI", package: "swift-ipvs"),
                .product(name: "_KubernetesTestServer", package: "swift-ipvs"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .executableTarget(name: "ipvs-bench-report"),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

for target in package.targets {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
