import Foundation
import Glibc
import IPVS

#if canImport(Testing)
public import Testing
#endif

/// The kernel that the tests run on.
public enum Kernel {
    /// Why kernel tests can't run here; nil if they can.
    public static let hindrance: String? = {
        guard geteuid() == 0 else { return "kernel tests need root; Tests/kernel runs a command in a virtual machine" }
        do {
            let handle = try Handle()
            _ = try handle.info()
            return nil
        } catch {
            return "\(error); Tests/kernel runs a command in a virtual machine that has it"
        }
    }()

    /// True where modules may be unloaded and the machine's settings changed: in a virtual machine made for the tests.
    public static let isDisposable = ProcessInfo.processInfo.environment["IPVS_DISPOSABLE_KERNEL"] == "1"

    /// Whether the kernel has nftables, and there is the program `nft` to look at it with.
    public static let hasNFTables = nft("add table inet x")

    /// Whether nftables can translate addresses, as packet rules need. It can't in User Mode Linux.
    public static let translatesAddresses = nft(
        "add table inet x; add chain inet x c { type nat hook output priority 0; }"
    )

    /// Whether `nft` succeeds. If it fails, for whatever reason, there are no rules to test.
    private static func nft(_ script: String) -> Bool { (try? TestNamespace().run("nft", script)) != nil }
}

#if canImport(Testing)
extension Trait where Self == ConditionTrait {
    /// Skips a test or a suite where there is no kernel with IPVS or where the tests don't run as root.
    public static var needsKernel: Self {
        .enabled(if: Kernel.hindrance == nil, Comment(rawValue: Kernel.hindrance ?? ""))
    }
}
#endif
