import Foundation
import IPVSTestKernel
import Testing

extension ProxyKernelTests {
    /// What root's program gives up.
    @Suite struct Privileges {
        /// CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and
        /// CAP_SYS_RESOURCE, and for the namespace CAP_SYS_PTRACE and CAP_SYS_ADMIN.
        private static let kept: UInt64 = 0x128_140f

        @Test func kept() throws {
            let (folder, namespace) = (try Folder(), try TestNamespace())
            try folder.write("none.yaml", "# no services\n")
            let program = try RunningProgram(folder.path, in: namespace, "--rules", Program.rules)
            // It has started all of its threads.
            _ = try Page.askAndWait(program.health, "/healthz")
            let all = try ProcessPrivileges(of: ProcessInfo.processInfo.processIdentifier)
            let its = try ProcessPrivileges(of: program.processIdentifier)
            #expect(its.own == all.own & Self.kept)
            #expect(its.ofChildren == all.ofChildren & Self.kept)
        }
    }
}
