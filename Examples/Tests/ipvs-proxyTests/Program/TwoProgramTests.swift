import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

extension ProxyKernelTests {
    /// A second program with the interface of a running one.
    @Suite(.needsPacketRules) struct TwoPrograms {
        let folder: Folder
        let namespace: TestNamespace
        let first: RunningProgram

        init() throws {
            folder = try Folder()
            namespace = try TestNamespace()
            try folder.write("web.yaml", Sample.service())
            first = try RunningProgram(folder.path, in: namespace)
            let handle = try namespace.open()
            try eventually { try handle.table().count == 1 }
        }

        private var sentence: String {
            "can't use the interface kube-ipvs0: another proxier is using it: process \(first.number) (ipvs-proxy)"
        }

        @Test("It ends at once, and names the first one, whatever its other options")
        func refusal() throws {
            let options = ["--healthz-address", "none", "--metrics-address", "none", "--netns", namespace.path]
            let second = try TestProcess.run([Program.path, folder.path] + options)
            #expect(second.status == 1 && second.stderr.hasSuffix("ipvs-proxy: \(sentence)\n"), "\(second)")
            let dryRun = try TestProcess.run([Program.path, folder.path, "--dry-run"] + options)
            #expect(dryRun.status == 0, "\(dryRun)")
            #expect(try namespace.saved().count == 1)
        }

        @Test(
            "A single sync or a clean-up waits until the first one has ended, even if it was killed",
            arguments: [true, false]
        )
        func waiting(isCleanup: Bool) throws {
            let second = Process()
            let errors = Pipe()
            second.executableURL = URL(filePath: Program.path)
            second.arguments = (isCleanup ? ["--cleanup"] : [folder.path, "--once"]) + ["--netns", namespace.path]
            second.standardOutput = FileHandle.nullDevice
            second.standardError = errors
            try second.run()
            let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
            #expect(text.contains("\(sentence); waiting for up to 10.0 seconds\n"), "\(text)")
            first.signal(SIGKILL)
            second.waitUntilExit()
            #expect(second.terminationStatus == 0)
            #expect(try namespace.saved().count == (isCleanup ? 0 : 1))
        }
    }
}
