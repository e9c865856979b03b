import CIPVS
import Foundation
import Glibc
import IPVSTestKernel
import Testing

@testable import IPVS
@testable import Netlink

extension KernelTests {
    @Suite struct Faults {
        let namespace: TestNamespace
        let socket: NetlinkSocket
        let handle: Handle
        let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)

        init() throws {
            namespace = try TestNamespace()
            socket = try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC)
            handle = try Handle(channel: socket)
        }

        /// Another process may send to the handle's socket; none of its messages is mistaken for an answer.
        @Test func strayMessages() throws {
            try handle.add(web)
            for payload in Self.strays {
                #expect(try stray(payload, times: 3) == 3)
                #expect(try handle.virtualServers().map(\.server) == [web])
                #expect(try stray(payload, times: 3) == 3)
                try handle.update(web)
            }
        }

        /// Among them an acknowledgement with the next sequence numbers, from the wrong sender.
        private static let strays: [[UInt8]] = [
            [1], Array(repeating: 0xff, count: 64),
            (0..<40).flatMap { sequence in
                [20, 0, 0, 0, 2, 0, 0, 0, sequence, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
            },
        ]

        /// A socket with a full buffer loses answers: a read is repeated, and a change has an unknown outcome.
        @Test func aFullBuffer() throws {
            try handle.add(web)
            try fill()
            #expect(try handle.virtualServers().map(\.server) == [web])
            try fill()
            let error = #expect(throws: IPVSError.self) { try handle.add(VirtualServer(.firewallMark(5))) }
            #expect(error?.code == .answerLost)
            // It was made, and the handle still works.
            #expect(try handle.virtualServers().count == 2)
            try handle.delete(.firewallMark(5))
            #expect(try handle.virtualServers().count == 1)
        }

        /// Fills the handle's socket until no answer fits.
        private func fill() throws {
            for size in [4000, 400, 16, 1] {
                let taken = try stray([UInt8](repeating: 0, count: size), times: 10_000)
                try #require(taken < 10_000)
            }
        }

        /// Sends datagrams to the handle's socket until the buffer is full, and returns their number.
        private func stray(_ payload: [UInt8], times: Int) throws -> Int {
            let port = socket.port
            let descriptor = namespace.descriptor
            return try onThread {
                try #require(enterNamespace(descriptor) == 0)
                let sender = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_GENERIC)
                defer { close(sender) }
                var address = sockaddr_nl()
                address.nl_family = sa_family_t(AF_NETLINK)
                address.nl_pid = port
                for count in 0..<times {
                    let sent = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                            sendto(
                                sender,
                                payload,
                                payload.count,
                                Int32(MSG_DONTWAIT),
                                pointer,
                                socklen_t(MemoryLayout<sockaddr_nl>.size)
                            )
                        }
                    }
                    if sent < 0 { return count }
                }
                return times
            }
        }

        @Test func signalsDoNotDisturb() throws {
            try withSignals {
                for number in 1...300 {
                    let server = VirtualServer(.firewallMark(UInt32(number)), scheduler: .roundRobin)
                    try handle.add(server)
                    #expect(try handle.virtualServer(server.id)?.server == server)
                }
            }
            #expect(try handle.virtualServers().count == 300)
        }

        @Test func aClosedHandle() throws {
            try handle.add(web)
            handle.close()
            handle.close()
            let error = #expect(throws: IPVSError.self) { try handle.virtualServers() }
            #expect(error?.code == .handleClosed)
            #expect(error?.description == "can't list virtual servers: the handle is closed")
            #expect(try namespace.open().virtualServers().count == 1)
        }

        /// A handle that is released closes its socket: many more than a process may have open at once.
        @Test func handlesCloseThemselves() throws {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            for _ in 0..<min(limit.rlim_cur, 2048) + 10 { _ = try namespace.open() }
        }

        /// With the longest name and a small buffer, a reply does not fit and is requested again.
        @Test func aReplyLargerThanTheBuffer() throws {
            let small = try Handle(
                channel: try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC),
                bufferSize: 128
            )
            for number in UInt32(1)...100 { try small.add(VirtualServer(.firewallMark(number))) }
            #expect(try small.virtualServers().count == 100)
            #expect(try small.virtualServer(.firewallMark(7))?.server.id == .firewallMark(7))
        }
    }
}
