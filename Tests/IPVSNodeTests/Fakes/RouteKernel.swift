import CRTNetlink
import Foundation
import Glibc
import IPVS
import Netlink

/// Stands in for the kernel's rtnetlink: it reads every message of a send, has its own interfaces and addresses, and
/// answers like the kernel, with one datagram per answer.
///
/// It is not `InMemoryNode` of IPVSProxyTesting, since that shares code with what is checked here, the framing of messages; and
/// since these tests look at the bytes and the system calls, and let calls fail that a node never fails.
final class RouteKernel: Channel, @unchecked Sendable {
    // Unchecked: the lock guards the state.

    /// A network interface.
    struct Interface {
        var name: String
        var kind: String?
        var alias: String?
        var isUp = false
        var addresses: [Address] = []
        /// Local routes to single addresses, with the route protocol numbers.
        var routes: [Route] = []
    }

    /// A local route to a single address.
    struct Route: Equatable {
        var bytes: [UInt8]
        var origin: UInt8

        init(bytes: [UInt8], origin: UInt8) { (self.bytes, self.origin) = (bytes, origin) }
    }

    /// An address of an interface.
    struct Address: Equatable {
        var bytes: [UInt8]
        var prefixLength: UInt8
        /// The local address of a point-to-point interface, where `bytes` are the remote one.
        var local: [UInt8]?

        init(bytes: [UInt8], prefixLength: UInt8, local: [UInt8]? = nil) {
            (self.bytes, self.prefixLength, self.local) = (bytes, prefixLength, local)
        }
    }

    /// A request as it was sent.
    struct Message {
        var type: Int
        var flags: UInt16
        /// What follows the netlink header.
        var payload: [UInt8]

        var isList: Bool { flags & UInt16(NLM_F_ROOT | NLM_F_MATCH) != 0 }
    }

    /// The state, the sent messages, and the planned failures.
    struct State {
        var interfaces: [Int32: Interface] = [:]
        var nextIndex: Int32 = 7
        var sends: [[Message]] = []
        var pending: ArraySlice<[UInt8]> = []
        /// The errno for a message, which is then not carried out.
        var verdict: (Message) -> Int32? = { _ in nil }
        /// Called before a message is carried out.
        var interfere: (Message, inout State) -> Void = { _, _ in }
        /// The number of lists that are still to be interrupted.
        var interruptions = 0
        /// The error of the next receive.
        var receiveFailure: Int32?
        /// The error of a send, after a number of others.
        var sendFailure: (after: Int, errno: Int32)?
    }

    let port: UInt32 = 0xcafe_0004
    let answerCapacity: Int
    private let lock = NSLock()
    private var state = State()

    init(answerCapacity: Int = 1_000, _ setUp: (inout State) -> Void = { _ in }) {
        self.answerCapacity = answerCapacity
        setUp(&state)
    }

    func with<Result>(_ body: (inout State) -> Result) -> Result { lock.withLock { body(&state) } }

    /// The sent messages, one by one.
    var messages: [Message] { with { $0.sends.flatMap { $0 } } }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let failure: Int32? = lock.withLock {
            if let failure = state.sendFailure, state.sends.count >= failure.after { return failure.errno }
            var rest = Array(bytes)[...]
            var messages: [Message] = []
            var answers: [[UInt8]] = []
            while rest.count >= 16 {
                let length = Int(rest.number(UInt32.self, at: 0))
                let message = Message(
                    type: Int(rest.number(UInt16.self, at: 4)),
                    flags: rest.number(UInt16.self, at: 6),
                    payload: Array(rest.dropFirst(16).prefix(length - 16))
                )
                messages.append(message)
                answers += carryOut(message, Array(rest.dropFirst(8).prefix(8)))
                rest = rest.dropFirst((length + 3) & ~3)
            }
            state.sends.append(messages)
            state.pending += answers
            return nil
        }
        if let failure { throw SystemError(errno: failure, call: .send) }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        let (bytes, failure) = lock.withLock { () -> ([UInt8]?, Int32?) in
            if let failure = state.receiveFailure {
                state.receiveFailure = nil
                return (nil, failure)
            }
            return (state.pending.popFirst(), nil)
        }
        guard let bytes else { throw SystemError(errno: failure ?? EAGAIN, call: .receive) }
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        return Datagram(length: bytes.count, sender: 0)
    }

    func close() {}

    // MARK: The kernel's behavior

    private func carryOut(_ message: Message, _ address: [UInt8]) -> [[UInt8]] {
        let interfere = state.interfere
        interfere(message, &state)
        var replies: [[UInt8]] = []
        let errno = state.verdict(message) ?? outcome(of: message, address, &replies)
        let isList = message.isList && [RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE].contains(message.type)
        if isList, errno == 0 {
            replies.append(datagram(NLMSG_DONE, flags: UInt16(NLM_F_MULTI), address, [UInt8](littleEndian: Int32(0))))
        } else if errno != 0 || message.flags & UInt16(NLM_F_ACK) != 0 {
            let echo = [UInt8](repeating: 0, count: 16)
            replies.append(datagram(NLMSG_ERROR, flags: 0x100, address, [UInt8](littleEndian: -errno) + echo))
        }
        return replies
    }

    private func outcome(of message: Message, _ address: [UInt8], _ replies: inout [[UInt8]]) -> Int32 {
        if message.type >= RTM_NEWROUTE { return outcome(ofRoute: message, address, &replies) }
        let attributes = message.payload.attributes(from: message.type >= RTM_NEWADDR ? 8 : 16)
        let index = message.payload[...].number(Int32.self, at: 4)
        switch message.type {
        case RTM_GETLINK where message.isList:
            for link in state.interfaces {
                replies.append(datagram(Int32(RTM_NEWLINK), flags: UInt16(NLM_F_MULTI), address, payload(of: link)))
            }
        case RTM_GETLINK:
            let name = String(decoding: (attributes[IFLA_IFNAME] ?? []).dropLast(), as: UTF8.self)
            guard let link = state.interfaces.first(where: { $0.value.name == name }) else { return ENODEV }
            replies.append(datagram(Int32(RTM_NEWLINK), flags: 0, address, payload(of: link)))
        case RTM_NEWLINK:
            let name = String(decoding: (attributes[IFLA_IFNAME] ?? []).dropLast(), as: UTF8.self)
            if state.interfaces.values.contains(where: { $0.name == name }) { return EEXIST }
            let kind = (attributes[IFLA_LINKINFO] ?? []).attributes(from: 0)[IFLA_INFO_KIND] ?? []
            let text = String(decoding: kind.prefix { $0 != 0 }, as: UTF8.self)
            state.interfaces[state.nextIndex] = Interface(name: name, kind: text)
            state.nextIndex += 1
        case RTM_SETLINK:
            if state.interfaces[index] == nil { return ENODEV }
            let (flags, change) = (message.payload[8], message.payload[12])
            if change & 1 != 0 { state.interfaces[index]?.isUp = flags & 1 != 0 }
            guard attributes[IFLA_IFALIAS] != nil else { return 0 }
            let alias = (attributes[IFLA_IFALIAS] ?? []).prefix { $0 != 0 }
            state.interfaces[index]?.alias = alias.isEmpty ? nil : String(decoding: alias, as: UTF8.self)
        case RTM_DELLINK:
            if state.interfaces.removeValue(forKey: index) == nil { return ENODEV }
        case RTM_NEWADDR, RTM_DELADDR:
            let entry = Address(bytes: attributes[IFA_LOCAL] ?? [], prefixLength: message.payload[1])
            guard let there = state.interfaces[index]?.addresses.firstIndex(of: entry) else {
                guard state.interfaces[index] != nil else { return ENODEV }
                if message.type == RTM_DELADDR { return EADDRNOTAVAIL }
                state.interfaces[index]?.addresses.append(entry)
                return 0
            }
            if message.type == RTM_NEWADDR { return EEXIST }
            state.interfaces[index]?.addresses.remove(at: there)
        case RTM_GETADDR:
            if index != 0, state.interfaces[index] == nil { return ENODEV }
            let flags = UInt16(state.interruptions > 0 ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI)
            state.interruptions = max(0, state.interruptions - 1)
            for (number, interface) in state.interfaces where index == 0 || number == index {
                for entry in interface.addresses {
                    let family = UInt8(entry.bytes.count == 4 ? AF_INET : AF_INET6)
                    let local = entry.local.map { [UInt8].attribute(IFA_LOCAL, $0) } ?? []
                    let payload =
                        [family, entry.prefixLength, 0, 0] + [UInt8](littleEndian: number)
                        + .attribute(IFA_ADDRESS, entry.bytes) + local
                    replies.append(datagram(Int32(RTM_NEWADDR), flags: flags, address, payload))
                }
            }
        default: return EOPNOTSUPP
        }
        return 0
    }

    private func outcome(ofRoute message: Message, _ address: [UInt8], _ replies: inout [[UInt8]]) -> Int32 {
        let attributes = message.payload.attributes(from: 12)
        let index = (attributes[4] ?? [0, 0, 0, 0])[...].number(Int32.self, at: 0)
        guard let interface = state.interfaces[index] else { return message.type == RTM_DELROUTE ? ESRCH : ENODEV }
        let family = message.payload[0]
        let route = Route(bytes: attributes[1] ?? [], origin: message.payload[5])
        switch message.type {
        case RTM_NEWROUTE:
            if family == UInt8(AF_INET6), !interface.isUp { return ENETDOWN }
            if interface.routes.contains(route) { return EEXIST }
            state.interfaces[index]?.routes.append(route)
        case RTM_DELROUTE:
            guard let there = interface.routes.firstIndex(of: route) else { return ESRCH }
            state.interfaces[index]?.routes.remove(at: there)
        case RTM_GETROUTE:
            if message.payload[6] != 0 { return EINVAL }
            // Like older kernels, it uses only the family of a dump request.
            for (number, interface) in state.interfaces {
                let length = family == UInt8(AF_INET) ? 4 : 16
                let kernels = interface.addresses.map { Route(bytes: $0.local ?? $0.bytes, origin: 2) }
                for route in interface.routes + kernels where route.bytes.count == length {
                    let payload =
                        [family, UInt8(length * 8), 0, 0, 255, route.origin, 254, 2, 0, 0, 0, 0]
                        + .attribute(1, route.bytes) + .attribute(4, [UInt8](littleEndian: number))
                    replies.append(datagram(Int32(RTM_NEWROUTE), flags: UInt16(NLM_F_MULTI), address, payload))
                }
            }
        default: return EOPNOTSUPP
        }
        return 0
    }

    /// The kernel's message about an interface.
    private func payload(of link: (key: Int32, value: Interface)) -> [UInt8] {
        let information = link.value.kind.map { [UInt8].attribute(IFLA_INFO_KIND, Array($0.utf8) + [0]) } ?? []
        let flags: [UInt8] = [link.value.isUp ? 1 : 0, 0, 0, 0]
        return [0, 0, 0, 0] + [UInt8](littleEndian: link.key) + flags + [0, 0, 0, 0]
            + .attribute(IFLA_IFNAME, Array(link.value.name.utf8) + [0]) + .attribute(IFLA_LINKINFO, information)
            + (link.value.alias.map { .attribute(IFLA_IFALIAS, Array($0.utf8) + [0]) } ?? [])
    }

    /// A message with the sequence number and port of the request that it answers.
    private func datagram(_ type: Int32, flags: UInt16, _ address: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let port = [UInt8](littleEndian: port)
        let header = [UInt8](littleEndian: UInt32(payload.count + 16)) + [UInt8](littleEndian: UInt16(type))
        return header + [UInt8](littleEndian: flags) + address.prefix(4) + port + payload
    }
}

extension RouteKernel.State {
    /// Adds an interface, and returns its index.
    @discardableResult
    mutating func add(_ name: String, kind: String?, _ addresses: [String] = []) -> Int32 {
        defer { nextIndex += 1 }
        interfaces[nextIndex] = RouteKernel.Interface(
            name: name,
            kind: kind,
            addresses: addresses.compactMap { text in
                let parts = text.split(separator: "/")
                guard let address = IPAddress(String(parts[0])), let length = UInt8(parts[1]) else { return nil }
                return RouteKernel.Address(bytes: address.bytes, prefixLength: length)
            }
        )
        return nextIndex
    }

    /// The addresses of the local routes over an interface, by its name.
    func routes(of name: String) -> Set<IPAddress>? {
        interfaces.values.first { $0.name == name }.map { Set($0.routes.compactMap { IPAddress(bytes: $0.bytes) }) }
    }

    /// The addresses of an interface, by its name.
    func addresses(of name: String) -> Set<IPAddress>? {
        interfaces.values.first { $0.name == name }.map { Set($0.addresses.compactMap { IPAddress(bytes: $0.bytes) }) }
    }
}
