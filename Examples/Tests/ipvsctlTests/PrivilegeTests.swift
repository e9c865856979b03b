import Foundation
import IPVSTestKernel
import Testing

extension KernelTests {
    /// What root's programs give up.
    @Suite struct Privileges {
        /// CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER and CAP_NET_ADMIN; CAP_SYS_PTRACE and CAP_SYS_ADMIN
        /// besides to enter a namespace.
        @Test(arguments: [(false, 0x100f as UInt64), (true, 0x28_100f)])
        func kept(isForNamespace: Bool, kept: UInt64) throws {
            let namespace = try TestNamespace()
            let input = Pipe()
            let process = Process()
            process.executableURL = URL(filePath: Program.path)
            process.arguments = ["-R"] + (isForNamespace ? ["--netns", namespace.path] : [])
            process.standardInput = input
            try process.run()
            let all = try ProcessPrivileges(of: ProcessInfo.processInfo.processIdentifier)
            // It has all of them before its main function, and then waits for its input.
            try eventually { try ProcessPrivileges(of: process.processIdentifier).own == all.own & kept }
            #expect(try ProcessPrivileges(of: process.processIdentifier).ofChildren == all.ofChildren & kept)
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }

        /// Root can still write a file of another user in a folder of that user.
        @Test func filesOfOthers() throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "ipvsctl-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            defer {
                // A folder that is left in /tmp does no harm.
                try? FileManager.default.removeItem(at: folder)
            }
            let path = folder.appending(path: "table.yaml").path
            try "services: []\n".write(toFile: path, atomically: false, encoding: .utf8)
            let owner: [FileAttributeKey: Any] = [.ownerAccountID: 65_534, .posixPermissions: 0o700]
            for path in [path, folder.path] { try FileManager.default.setAttributes(owner, ofItemAtPath: path) }
            let result = try Program.run("export", "--output", path)
            #expect(result.status == 0, "\(result.all)")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 65_534)
        }
    }
}
