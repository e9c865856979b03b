// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "swift-ipvs",
    products: [
        .library(name: "IPVS", targets: ["IPVS"]),
        .library(name: "IPVSTesting", targets: ["IPVSTesting"]),
        .library(name: "IPVSNode", targets: ["IPVSNode"]),
        .library(name: "IPVSProxy", targets: ["IPVSProxy"]),
        .library(name: "IPVSProxyTesting", targets: ["IPVSProxyTesting"]),
        .library(name: "IPVSProxyNFTables", targets: ["IPVSProxyNFTables"]),
        .library(name: "KubernetesAPI", targets: ["KubernetesAPI"]),
        .library(name: "IPVSKubernetes", targets: ["IPVSKubernetes"]),
        // For this repository's own test suites only, as those of Examples are a package of their own: it may change in
        // any release.
        .library(name: "_IPVSTestSupport", targets: ["IPVSTestModels", "IPVSTestKernel", "IPVSFuzzing"]),
        .library(name: "_KubernetesTestServer", targets: ["KubernetesTestServer"]),
    ],
    // SwiftPM resolves the dependencies of a package for all of its users, whichever product they use, except those that only
    // a disabled trait needs. All traits are enabled by default, so that plain `swift build` and `swift test` in a clone cover
    // everything. A package that needs less says so: with `traits: []` it resolves this package alone, for IPVS and IPVSNode;
    // with `traits: ["Proxy"]`, what IPVSProxy needs besides.
    traits: [
        .default(enabledTraits: ["Proxy", "Kubernetes"]),
        .trait(name: "Proxy", description: "IPVSProxy, with swift-log, swift-metrics and swift-service-lifecycle"),
        .trait(
            name: "Kubernetes",
            description: "KubernetesAPI and IPVSKubernetes, with async-http-client and Yams",
            enabledTraits: ["Proxy"]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.26.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // C: libnl and a shim over it, libnftables, and the kernel's headers.
        .systemLibrary(
            name: "CLibNL",
            pkgConfig: "libnl-genl-3.0",
            providers: [.apt(["libnl-genl-3-dev"]), .yum(["libnl3-devel"])]
        ),
        .target(name: "CNetlinkShim", dependencies: ["CLibNL"]),
        .systemLibrary(
            name: "CLibNFTables",
            pkgConfig: "libnftables",
            providers: [.apt(["libnftables-dev"]), .yum(["nftables-devel"])]
        ),
        .systemLibrary(name: "CIPVS"),
        .systemLibrary(name: "CRTNetlink"),
        .systemLibrary(name: "CNetfilter"),

        // How messages quote what others have written.
        .target(name: "VisibleText"),
        .target(name: "Netlink", dependencies: ["CNetlinkShim", "VisibleText"]),
        .target(name: "IPVS", dependencies: ["Netlink", "CIPVS", "VisibleText"]),
        .target(name: "IPVSTesting", dependencies: ["IPVS", "Netlink", "CIPVS", "CNetlinkShim"]),
        .target(name: "IPVSNode", dependencies: ["IPVS", "Netlink", "CRTNetlink", "VisibleText"]),
        .target(
            name: "IPVSProxy",
            dependencies: [
                "IPVS", "IPVSNode", "Netlink",
                .product(name: "Logging", package: "swift-log", condition: proxy),
                .product(name: "Metrics", package: "swift-metrics", condition: proxy),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: proxy),
            ]
        ),
        .target(
            name: "IPVSProxyTesting",
            dependencies: [
                "IPVSTesting", "IPVSProxy", "IPVSNode", "IPVS", "Netlink", "CRTNetlink",
                .product(name: "Logging", package: "swift-log", condition: proxy),
                .product(name: "Metrics", package: "swift-metrics", condition: proxy),
            ]
        ),
        .target(
            name: "IPVSProxyNFTables",
            dependencies: ["IPVSProxy", "IPVSNode", "IPVS", "Netlink", "CLibNFTables", "CNetfilter", "VisibleText"]
        ),
        .target(
            name: "KubernetesAPI",
            dependencies: [
                "VisibleText",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: kubernetes),
                .product(name: "Logging", package: "swift-log", condition: kubernetes),
                .product(name: "Metrics", package: "swift-metrics", condition: kubernetes),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOCore", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras", condition: kubernetes),
                .product(name: "NIOPosix", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: kubernetes),
                .product(name: "Yams", package: "Yams", condition: kubernetes),
            ]
        ),
        .target(
            name: "IPVSKubernetes",
            dependencies: [
                "KubernetesAPI", "IPVSProxy", "IPVS",
                .product(name: "Logging", package: "swift-log", condition: kubernetes),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: kubernetes),
            ]
        ),

        // What the tests have in common. The names are specific, since those of all targets of a user's packages have to
        // differ.
        .target(name: "IPVSTestModels", dependencies: ["IPVS"], path: "Tests/Support/IPVSTestModels"),
        .target(name: "IPVSTestKernel", dependencies: ["IPVS"], path: "Tests/Support/IPVSTestKernel"),
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Support/CLibFuzzer"),
        .target(
            name: "IPVSFuzzing",
            dependencies: ["CLibFuzzer", "IPVSTestModels", "Netlink"],
            path: "Tests/Support/IPVSFuzzing"
        ),
        .target(
            name: "IPVSProxyTestKernel",
            dependencies: [
                "IPVSTestKernel", "IPVSProxyNFTables", "IPVSProxy",
                .product(name: "Logging", package: "swift-log", condition: proxy),
            ],
            path: "Tests/Support/IPVSProxyTestKernel"
        ),
        .target(
            name: "IPVSProxyTestSamples",
            dependencies: ["IPVSProxy", "IPVS"],
            path: "Tests/Support/IPVSProxyTestSamples"
        ),
        .target(
            name: "KubernetesTestServer",
            dependencies: [
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOCore", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras", condition: kubernetes),
                .product(name: "NIOPosix", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: kubernetes),
            ],
            path: "Tests/Support/KubernetesTestServer"
        ),

        .testTarget(
            name: "IPVSTests",
            dependencies: [
                "IPVSFuzzing", "IPVSTestModels", "IPVSTestKernel", "IPVS", "Netlink", "CNetlinkShim", "CIPVS",
                "VisibleText",
            ],
            resources: [.copy("Fixtures")]
        ),
        .testTarget(name: "IPVSTestingTests", dependencies: ["IPVSTesting", "IPVSTestModels", "IPVS", "CIPVS"]),
        .testTarget(
            name: "KernelTests",
            dependencies: [
                "IPVSTesting", "IPVSTestModels", "IPVSTestKernel", "IPVS", "Netlink", "CNetlinkShim", "CIPVS",
            ]
        ),
        .testTarget(name: "IPVSNodeTests", dependencies: ["IPVSFuzzing", "IPVSNode", "IPVS", "Netlink", "CRTNetlink"]),
        .testTarget(name: "IPVSNodeKernelTests", dependencies: ["IPVSTestKernel", "IPVSNode", "IPVS"]),
        .testTarget(
            name: "IPVSProxyTests",
            dependencies: [
                "IPVSProxyTesting", "IPVSTesting", "IPVSProxyTestSamples", "IPVSTestModels",
                "IPVSProxy", "IPVSNode", "IPVS", "Netlink",
                .product(name: "Logging", package: "swift-log", condition: proxy),
                .product(name: "Metrics", package: "swift-metrics", condition: proxy),
                .product(name: "MetricsTestKit", package: "swift-metrics", condition: proxy),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: proxy),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle", condition: proxy),
            ]
        ),
        .testTarget(
            name: "IPVSProxyTestingTests",
            dependencies: [
                "IPVSProxyTesting", "IPVSProxyTestSamples", "IPVSTestModels", "IPVSTesting", "IPVSProxy", "IPVSNode",
                "IPVS",
            ]
        ),
        .testTarget(
            name: "IPVSProxyKernelTests",
            dependencies: [
                "IPVSProxyTesting", "IPVSProxyTestKernel", "IPVSProxyTestSamples", "IPVSTestModels", "IPVSTestKernel",
                "IPVSProxy", "IPVSNode", "IPVS", "Netlink", "CIPVS",
                .product(name: "Logging", package: "swift-log", condition: proxy),
                .product(name: "Metrics", package: "swift-metrics", condition: proxy),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: proxy),
            ]
        ),
        .testTarget(
            name: "IPVSProxyNFTablesTests",
            dependencies: [
                "IPVSFuzzing", "IPVSTestModels", "IPVSProxyNFTables", "IPVSProxy", "IPVS", "Netlink", "CNetfilter",
            ]
        ),
        .testTarget(
            name: "IPVSProxyNFTablesKernelTests",
            dependencies: [
                "IPVSProxyTestKernel", "IPVSTestModels", "IPVSTestKernel", "IPVSProxyNFTables", "IPVSProxy", "IPVSNode",
                "IPVS", "Netlink",
            ]
        ),
        .testTarget(
            name: "PacketKernelTests",
            dependencies: [
                "IPVSProxyTestKernel",
                "IPVSTestKernel",
                "IPVSProxyNFTables", "IPVSProxy", "IPVSNode", "IPVS", "Netlink", "CIPVS", "CRTNetlink",
                .product(name: "Logging", package: "swift-log", condition: proxy),
                .product(name: "Metrics", package: "swift-metrics", condition: proxy),
            ]
        ),
        .testTarget(
            name: "KubernetesAPITests",
            dependencies: [
                "IPVSFuzzing", "KubernetesAPI", "KubernetesTestServer",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: kubernetes),
                .product(name: "Logging", package: "swift-log", condition: kubernetes),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOCore", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: kubernetes),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras", condition: kubernetes),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: kubernetes),
            ]
        ),
        .testTarget(
            name: "IPVSKubernetesTests",
            dependencies: [
                "IPVSKubernetes", "KubernetesAPI", "KubernetesTestServer", "IPVSProxyTesting", "IPVSProxy", "IPVS",
                .product(name: "Logging", package: "swift-log", condition: kubernetes),
                .product(name: "Metrics", package: "swift-metrics", condition: kubernetes),
            ]
        ),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

var proxy: TargetDependencyCondition? { .when(traits: ["Proxy"]) }
var kubernetes: TargetDependencyCondition? { .when(traits: ["Kubernetes"]) }

// Tests/checks set it to the path of libFuzzer, except for programs for release.
let fuzzer = Context.environment["IPVS_FUZZER"]

for target in package.targets where target.type == .regular || target.type == .test {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // The library only: a test, and what tests have in common, may be as unsafe as it likes.
    let isForTests = target.type == .test || target.path?.hasPrefix("Tests/Support/") == true
    if !isForTests { target.swiftSettings?.append(.strictMemorySafety()) }
    if let fuzzer {
        target.swiftSettings?.append(.define("FUZZING"))
        if !isForTests { target.swiftSettings?.append(.unsafeFlags(["-Xfrontend", "-sanitize=fuzzer"])) }
        target.linkerSettings = [.unsafeFlags([fuzzer, "-lstdc++"])]
    }
}
