import Foundation
import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    /// Tests that unload the kernel's modules: only where no other process needs them.
    @Suite(.enabled(if: Kernel.isDisposable, "it unloads modules; Tests/run does this in a virtual machine"))
    struct Modules {
        private var isLoaded: Bool { FileManager.default.fileExists(atPath: "/sys/module/ip_vs") }

        @Test func theModuleIsLoadedFromNothing() throws {
            try unloadModules()
            #expect(!isLoaded)
            let handle = try Handle()
            #expect(isLoaded)
            let server = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .maglevHashing)
            try handle.add(server)
            #expect(FileManager.default.fileExists(atPath: "/sys/module/ip_vs_mh"))
            try handle.flush()
        }

        /// The family gets another number when the module is reloaded, and an open handle detects that.
        @Test func aHandleOutlivesTheModule() throws {
            let handle = try Handle()
            try unloadModules()
            try handle.add(VirtualServer(.firewallMark(5)))
            #expect(isLoaded)
            #expect(try handle.virtualServers().count == 1)
            try handle.flush()
        }

        @Test func aKernelWithoutIPVS() throws {
            let handle = try Handle()
            let path = try String(contentsOfFile: "/proc/sys/kernel/modprobe", encoding: .utf8)
            // Without it the tests that make the kernel load its modules fail, so its absence would be noticed.
            defer { try? path.write(toFile: "/proc/sys/kernel/modprobe", atomically: false, encoding: .utf8) }
            try "/bin/false\n".write(toFile: "/proc/sys/kernel/modprobe", atomically: false, encoding: .utf8)
            try unloadModules()
            let expected =
                "can't open IPVS: this kernel has no IPVS; load its module (modprobe ip_vs) "
                + "or use a kernel that has it (CONFIG_IP_VS)"
            let error = #expect(throws: IPVSError.self) { try Handle() }
            #expect(error?.code == .ipvsUnavailable)
            #expect(error?.description == expected)
            let late = #expect(throws: IPVSError.self) { try handle.virtualServers() }
            #expect(late?.code == .ipvsUnavailable)
            // When the module is loaded again, the handle works again.
            try path.write(toFile: "/proc/sys/kernel/modprobe", atomically: false, encoding: .utf8)
            #expect(try handle.virtualServers().isEmpty)
        }
    }
}

/// Unloads all modules of IPVS, whose tables must be empty.
func unloadModules() throws {
    let script = """
        for module in $(lsmod | awk '/^ip_vs_/ { print $1 }') ip_vs; do
            [ ! -e /sys/module/$module ] || rmmod $module || exit
        done
        """
    // The kernel needs some time to end the namespaces of earlier tests, whose tables use these modules.
    try eventually { try TestProcess.run(["sh", "-c", script]).status == 0 }
}
