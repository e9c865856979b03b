import Foundation
import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    @Suite struct Namespaces {
        let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)

        @Test func twoDoNotSeeEachOther() throws {
            let (first, second) = (try TestNamespace(), try TestNamespace())
            let (one, other) = (try first.open(), try second.open())
            try one.add(web)
            #expect(try other.virtualServers().isEmpty)
            try other.add(VirtualServer(.firewallMark(1)))
            try other.setTimeouts(Timeouts(tcp: 77))
            #expect(try one.virtualServers().map(\.server) == [web])
            #expect(try one.timeouts().tcp == 900)
            #expect(try second.saved() == ["-A -f 1 -s wlc"])
        }

        @Test func theCallersIsTheDefault() throws {
            let namespace = try TestNamespace()
            try namespace.open().add(web)
            let descriptor = namespace.descriptor
            let seen = try onThread {
                try #require(enterNamespace(descriptor) == 0)
                return try Handle().virtualServers().map(\.server)
            }
            #expect(seen == [web])
        }

        @Test func ofAProcessAndByName() throws {
            let name = "swift-ipvs-test-\(getpid())"
            _ = try TestProcess.run(["ip", "netns", "add", name])
            defer { _ = try? TestProcess.run(["ip", "netns", "delete", name]) }
            let named = try Handle(namespace: .named(name))
            try named.add(web)
            let sleeper = Process()
            sleeper.executableURL = URL(filePath: "/usr/bin/nsenter")
            sleeper.arguments = ["--net=/run/netns/\(name)", "sleep", "1000"]
            try sleeper.run()
            defer { sleeper.terminate() }
            // Until nsenter has entered it, the process is in the test's namespace.
            try eventually {
                try Handle(namespace: .process(sleeper.processIdentifier)).virtualServers().map(\.server) == [web]
            }
            // The caller's thread has not moved.
            #expect(try Handle().virtualServers().isEmpty)
        }

        @Test func aHandleOutlivesTheName() throws {
            var namespace: TestNamespace? = try TestNamespace()
            let handle = try #require(try namespace?.open())
            try handle.add(web)
            let path = try #require(namespace?.path)
            namespace = nil
            let error = #expect(throws: IPVSError.self) { try Handle(namespace: .path(path)) }
            #expect(error?.code == .namespaceNotFound)
            try handle.add(VirtualServer(.firewallMark(3)))
            #expect(try handle.virtualServers().count == 2)
        }

        @Test func whatIsNotThere() throws {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/true")
            try process.run()
            process.waitUntilExit()
            let ended = NetworkNamespace.process(process.processIdentifier)
            let wrong: [(NetworkNamespace, IPVSError.Code, String)] = [
                (.named("swift-ipvs-nosuch"), .namespaceNotFound, "no network namespace /run/netns/swift-ipvs-nosuch"),
                (ended, .namespaceNotFound, "no network namespace \(ended.path)"),
                (.path("/etc/passwd"), .namespaceNotFound, "/etc/passwd is not a network namespace"),
                (.path("/proc/self/ns/uts"), .namespaceNotFound, "/proc/self/ns/uts is not a network namespace"),
                (.path("/etc/passwd/x"), .namespaceNotFound, "no network namespace /etc/passwd/x"),
            ]
            for (namespace, code, reason) in wrong {
                let error = #expect(throws: IPVSError.self) { try Handle(namespace: namespace) }
                #expect(error?.code == code)
                #expect(error?.description == "can't open IPVS: \(reason)")
            }
        }

        @Test func withoutPrivilege() throws {
            let namespace = try TestNamespace()
            let wanted = namespace.path
            let error = try onThread { () -> IPVSError? in
                try #require(dropCapabilities() == 0)
                do throws(IPVSError) {
                    _ = try Handle(namespace: .path(wanted))
                    return nil
                } catch {
                    return error
                }
            }
            #expect(error?.code == .permissionDenied)
            #expect(
                error?.description
                    == "can't open IPVS: not permitted to enter network namespace \(wanted); this requires CAP_SYS_ADMIN, "
                    + "which root has"
            )
        }
    }
}
