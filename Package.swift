// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "swift-ipvs",
    products: [
        .library(name: "IPVS", targets: ["IPVS"])
    ],
    targets: [
        .systemLibrary(
            name: "CLibNL",
            pkgConfig: "libnl-genl-3.0",
            providers: [.apt(["libnl-genl-3-dev"]), .yum(["libnl3-devel"])]
        ),
        .target(name: "CIPVS", dependencies: ["CLibNL"]),
        .target(name: "IPVS", dependencies: ["CIPVS"]),
        .testTarget(
            name: "IPVSTests",
            dependencies: ["IPVS", "CIPVS"],
            resources: [.copy("Fixtures")]
        ),
        .testTarget(name: "KernelTests", dependencies: ["IPVS", "CIPVS"]),
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
