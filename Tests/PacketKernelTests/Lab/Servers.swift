import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Synchronization

/// Servers in namespaces, which answer each request with their name and the source that they see: `pod1 10.244.1.3`. One
/// thread serves all.
final class Servers: Sendable {
    private let loop = ServerLoop()

    init() { Thread.detachNewThread { [loop] in loop.run() } }

    deinit { loop.state.withLock { $0.isOver = true } }

    /// Lets a name answer at a port; at all addresses of a family, if none is given.
    func listen(
        in namespace: TestNamespace,
        as name: String,
        _ transport: TransportProtocol,
        _ family: IPAddress.Family,
        at address: IPAddress?,
        port: UInt16
    ) throws {
        let place = namespace.descriptor
        let socket = try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            let socket = try Socket(transport, family)
            socket.set(SOL_SOCKET, SO_REUSEADDR, Int32(1))
            if family == .ipv6 { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1)) }
            try socket.bind(address ?? .any(family), port: port)
            if transport == .udp {
                // An answer has to come from the address that was asked.
                if family == .ipv4 { socket.set(Int32(IPPROTO_IP), IP_PKTINFO, Int32(1)) }
                if family == .ipv6 { socket.set(Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, Int32(1)) }
            } else {
                guard Glibc.listen(socket.descriptor, 512) == 0 else { throw Errno.last }
            }
            _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
            return socket
        }
        let listener = ServerLoop.Listener(socket: socket, name: name, isUDP: transport == .udp, port: port)
        loop.state.withLock { $0.listeners.append(listener) }
    }

    /// Ends the servers of a name at a port. Their open connections stay.
    func close(_ name: String, port: UInt16) {
        loop.state.withLock { state in
            for place in state.listeners.indices
            where state.listeners[place].name == name && state.listeners[place].port == port {
                state.listeners[place].isOver = true
            }
        }
        while loop.state.withLock({ $0.listeners.contains(where: \.isOver) }) { usleep(1_000) }
    }
}

/// The work of the servers' thread.
private final class ServerLoop: Sendable {
    struct Listener {
        let socket: Socket
        let name: String
        let isUDP: Bool
        let port: UInt16
        var isOver = false
    }

    struct State {
        var listeners: [Listener] = []
        var isOver = false
    }

    let state = Mutex(State())

    func run() {
        // The open connections, with what they are answered.
        var connections: [Int32: String] = [:]
        while true {
            let listeners = state.withLock { state in
                let isOver = state.isOver
                for listener in state.listeners where listener.isOver || isOver { listener.socket.close() }
                state.listeners.removeAll { $0.isOver || isOver }
                return isOver ? nil : state.listeners
            }
            guard let listeners else { break }
            let descriptors = listeners.map(\.socket.descriptor) + connections.keys
            var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            for (place, one) in polled.enumerated() where one.revents != 0 {
                if place >= listeners.count {
                    answer(one.fd, &connections)
                } else if listeners[place].isUDP {
                    Self.answerDatagram(listeners[place])
                } else {
                    Self.accept(listeners[place], &connections)
                }
            }
        }
        for connection in connections.keys { Socket(descriptor: connection).reset() }
    }

    private static func accept(_ listener: Listener, _ connections: inout [Int32: String]) {
        var source = SocketAddress()
        let connection = source.withMutablePointer { Glibc.accept(listener.socket.descriptor, $0, &$1) }
        guard connection >= 0 else { return }
        connections[connection] = "\(listener.name) \(source.address?.description ?? "?")"
    }

    /// Answers a request, or notices the end of a connection.
    private func answer(_ connection: Int32, _ connections: inout [Int32: String]) {
        let socket = Socket(descriptor: connection)
        do {
            guard let text = connections[connection], try !socket.receive().isEmpty else { throw Errno(code: 0) }
            try socket.send(text)
        } catch {
            connections[connection] = nil
            socket.reset()
        }
    }

    private static func answerDatagram(_ listener: Listener) {
        var source = SocketAddress()
        var buffer = [UInt8](repeating: 0, count: 256)
        var control = [UInt8](repeating: 0, count: 128)
        source.withMutablePointer { name, length in
            buffer.withUnsafeMutableBytes { buffer in
                control.withUnsafeMutableBytes { control in
                    var vector = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                    withUnsafeMutablePointer(to: &vector) { vector in
                        var message = msghdr()
                        (message.msg_name, message.msg_namelen) = (UnsafeMutableRawPointer(name), length)
                        (message.msg_iov, message.msg_iovlen) = (vector, 1)
                        (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
                        guard recvmsg(listener.socket.descriptor, &message, 0) >= 0 else { return }
                        let address = UnsafeRawPointer(name).load(as: sockaddr_storage.self)
                        let text = "\(listener.name) \(SocketAddress(address).address?.description ?? "?")"
                        buffer.copyBytes(from: text.utf8)
                        vector.pointee.iov_len = text.utf8.count
                        message.msg_flags = 0
                        // The control message that tells the asked address also sets the answer's source. It must not name
                        // an interface, which is behind the message's header, and in IPv6 also behind the address.
                        let place = address.ss_family == sa_family_t(AF_INET) ? 16 : 32
                        control.storeBytes(of: 0, toByteOffset: place, as: Int32.self)
                        sendmsg(listener.socket.descriptor, &message, Int32(MSG_NOSIGNAL))
                    }
                }
            }
        }
    }
}

extension IPAddress {
    /// The address that stands for all of the node's.
    static func any(_ family: Family) -> IPAddress {
        let bytes = [UInt8](repeating: 0, count: family == .ipv4 ? 4 : 16)
        return IPAddress(bytes: bytes) ?? IPAddress(0, 0, 0, 0)
    }
}
