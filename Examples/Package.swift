// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that what an example needs never reaches the library's users.
let package = Package(
    name: "swift-ipvs-examples",
    dependencies: [
        .package(name: "swift-ipvs", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "ipvs-demo",
            dependencies: ["Common", .product(name: "IPVS", package: "swift-ipvs")]
        ),
        // What has to be done before Swift's main function, or before the program has threads.
        .target(name: "CStartup"),
        // Sockets in another network namespace.
        .target(name: "CNodeSockets"),
        // What several of the programs need.
        .target(
            name: "Common",
            dependencies: [
                "CStartup",
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "ipvsctl",
            dependencies: [
                "Common",
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "ipvs-proxy",
            dependencies: [
                "CNodeSockets", "Common",
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "IPVSNode", package: "swift-ipvs"),
                .product(name: "IPVSProxy", package: "swift-ipvs"),
                .product(name: "IPVSProxyNFTables", package: "swift-ipvs"),
                .product(name: "IPVSKubernetes", package: "swift-ipvs"),
                .product(name: "KubernetesAPI", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        // What the tests of both programs with a manual have in common.
        .target(
            name: "ManualPages",
            dependencies: [.product(name: "_IPVSTestSupport", package: "swift-ipvs")],
            path: "Tests/Support/ManualPages"
        ),
        .testTarget(
            name: "ipvsctlTests",
            dependencies: [
                "Common", "ManualPages", "ipvsctl",
                .product(name: "_IPVSTestSupport", package: "swift-ipvs"),
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "ipvs-proxyTests",
            dependencies: [
                "Common", "ManualPages", "ipvs-proxy",
                .product(name: "_IPVSTestSupport", package: "swift-ipvs"),
                .product(name: "_KubernetesTestServer", package: "swift-ipvs"),
                .product(name: "IPVS", package: "swift-ipvs"),
                .product(name: "IPVSKubernetes", package: "swift-ipvs"),
                .product(name: "IPVSNode", package: "swift-ipvs"),
                .product(name: "IPVSProxy", package: "swift-ipvs"),
                .product(name: "KubernetesAPI", package: "swift-ipvs"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Fixtures"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Tests/checks set IPVS_FUZZER, see the package of the library.
for target in package.targets {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    if Context.environment["IPVS_FUZZER"] != nil, [.regular, .executable].contains(target.type) {
        target.swiftSettings?.append(.unsafeFlags(["-Xfrontend", "-sanitize=fuzzer"]))
    }
}
