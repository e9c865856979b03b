import Common
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ipvs_proxy

@Suite("Messages to the service manager")
struct ServiceManagerTests {
    /// A socket as systemd has it.
    private final class Receiver {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)

        init(_ name: String) throws {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
            if name.first == "@" { address.sun_path.0 = 0 }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(status == 0)
        }

        deinit { close(descriptor) }

        /// A message that has come; nil if there is none.
        func message() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
        }

        /// The next message; nil if there is none within three minutes.
        func next() async throws -> String? {
            for _ in 0..<18_000 {
                if let message = message() { return message }
                try await Task.sleep(for: .milliseconds(10))
            }
            return nil
        }
    }

    @Test("It is ready after the first sync, and then it stops", arguments: [true, false])
    func life(isAbstract: Bool) async throws {
        let folder = try Folder()
        let name = isAbstract ? "@ipvs-proxy-\(UUID())" : folder["notify"]
        let receiver = try Receiver(name)
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": name]))
        let logger = Logger(label: "test") { _ in LogLines() }
        let ready = Mutex(false)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let readiness = Readiness(manager: manager, logger: logger) { ready.withLock(\.self) }
            let group = ServiceGroup(services: [readiness], logger: logger)
            tasks.addTask { try await group.run() }
            try await Task.sleep(for: .milliseconds(150))
            #expect(receiver.message() == nil)
            ready.withLock { $0 = true }
            #expect(try await receiver.next() == "READY=1")
            await group.triggerGracefulShutdown()
            #expect(try await receiver.next() == "STOPPING=1")
            try await tasks.waitForAll()
        }
    }

    @Test(
        "Without a socket that can be used there are none",
        arguments: ["", "vsock:2:1", "relative", "/\(String(repeating: "a", count: 107))"]
    )
    func none(name: String) { #expect(ServiceManager(environment: ["NOTIFY_SOCKET": name]) == nil) }

    @Test("A socket that is not there is an error")
    func absent() throws {
        let folder = try Folder()
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": folder["notify"]]))
        let failure = #expect(throws: Failure.self) { try manager.tell("READY=1") }
        #expect(failure?.sentences == ["can't notify \(folder["notify"]): No such file or directory"])
        #expect(ServiceManager(environment: [:]) == nil)
    }
}
