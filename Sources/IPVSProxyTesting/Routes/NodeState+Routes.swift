import CRTNetlink
import IPVS
import IPVSTesting
import Netlink

extension NodeState {
    /// Carries out a message to rtnetlink from the socket with a port, and returns what the socket receives.
    mutating func receive(_ message: ReceivedMessage, from port: UInt32) -> [Event] {
        var answer = RouteAnswer()
        var command: RouteCommand?
        do throws(Refusal) {
            command = try RouteCommand(message)
        } catch {
            answer.errno = error.errno
        }
        let request = command.map { InMemoryNode.Request($0, links) } ?? .other(message.header.type)
        requests.append(request)
        if let beforeEachRequest {
            beforeEachRequest(request, &contents)
            links.number(contents.interfaces)
        }
        let fault = faults.next(for: request)
        if let refusal = fault?.refusal {
            answer.errno = refusal
        } else if let command {
            answer = carryOut(command)
        }
        let datagrams = answer.datagrams(to: message, port: port)
        return fault?.events(for: datagrams, to: message, port: port) ?? datagrams.map { .datagram($0, sender: 0) }
    }

    private mutating func carryOut(_ command: RouteCommand) -> RouteAnswer {
        do throws(Refusal) {
            let replies = try replies(to: command)
            links.number(contents.interfaces)
            return RouteAnswer(replies: replies)
        } catch {
            return RouteAnswer(errno: error.errno)
        }
    }

    private mutating func replies(to command: RouteCommand) throws(Refusal) -> [(type: Int, payload: [UInt8])] {
        switch command {
        case .readLink(let name):
            guard let number = links.byName[name], let interface = contents.interfaces[name] else {
                throw Refusal(ENODEV)
            }
            return [(RTM_NEWLINK, RouteMessages.link(name, number, interface))]
        case .listLinks(let kind):
            return numberedInterfaces.filter { kind == nil || $0.interface.kind == kind }
                .map { (RTM_NEWLINK, RouteMessages.link($0.name, $0.number, $0.interface)) }
        case .listAddresses(let number):
            if let number, links.name(of: number) == nil { throw Refusal(ENODEV) }
            return numberedInterfaces.filter { number == nil || $0.number == number }
                .flatMap { (_, number, interface) in
                    interface.addresses.map { (RTM_NEWADDR, RouteMessages.address($0, number)) }
                }
        case .listRoutes(let filter): return routes(filter).map { (RTM_NEWROUTE, $0) }
        case .addLink, .changeLink, .removeLink: try changeLink(command)
        case .addAddress, .removeAddress, .addRoute, .removeRoute: try changeAddress(command)
        case .other: throw Refusal(EOPNOTSUPP)
        }
        return []
    }

    private var numberedInterfaces: [(name: String, number: Int32, interface: InMemoryNode.Interface)] {
        links.sorted.compactMap { link in
            contents.interfaces[link.name].map { (link.name, link.number, $0) }
        }
    }

    private func routes(_ filter: RouteFilter) -> [[UInt8]] {
        guard [0, RouteMessages.localTable].contains(filter.table), [0, RouteMessages.localType].contains(filter.type)
        else { return [] }
        var payloads: [[UInt8]] = []
        for (_, number, interface) in numberedInterfaces where [0, number].contains(filter.interface) {
            let added = interface.routedAddresses.sorted().map { ($0, RouteMessages.binderOrigin) }
            let kernels = interface.addresses.map { ($0.address, RouteMessages.kernelOrigin) }
            for (address, origin) in kernels + added
            where address.family == filter.family && [0, origin].contains(filter.origin) {
                payloads.append(RouteMessages.route(address, number, origin: origin))
            }
        }
        return payloads
    }
}

// MARK: - Changes

extension NodeState {
    private mutating func changeLink(_ command: RouteCommand) throws(Refusal) {
        switch command {
        case .addLink(let name, let kind):
            guard contents.interfaces[name] == nil else { throw Refusal(EEXIST) }
            // A module for each kind would have to be there.
            guard kind == "dummy" else { throw Refusal(EOPNOTSUPP) }
            contents.interfaces[name] = .dummy()
        case .changeLink(let number, let alias, let isUp):
            try change(number, orElse: ENODEV) { interface in
                if let alias { interface.alias = alias }
                if let isUp { interface.isUp = isUp }
            }
        case .removeLink(let number):
            guard let name = links.name(of: number) else { throw Refusal(ENODEV) }
            // Hardware stays.
            guard contents.interfaces[name]?.kind != nil else { throw Refusal(EOPNOTSUPP) }
            contents.interfaces[name] = nil
        default: break
        }
    }

    private mutating func changeAddress(_ command: RouteCommand) throws(Refusal) {
        switch command {
        case .addAddress(let entry, let number):
            try change(number, orElse: ENODEV) { (interface) throws(Refusal) in
                guard !interface.addresses.contains(entry) else { throw Refusal(EEXIST) }
                interface.addresses.append(entry)
            }
        case .removeAddress(let entry, let number):
            try change(number, orElse: ENODEV) { (interface) throws(Refusal) in
                guard let place = interface.addresses.firstIndex(of: entry) else { throw Refusal(EADDRNOTAVAIL) }
                interface.addresses.remove(at: place)
                // Without IPv4 addresses an interface has no IPv4: all of its routes end.
                guard entry.address.family == .ipv4,
                    !interface.addresses.contains(where: { $0.address.family == .ipv4 })
                else { return }
                interface.routedAddresses = interface.routedAddresses.filter { $0.family == .ipv6 }
            }
        case .addRoute(let address, let number):
            try change(number, orElse: ENODEV) { (interface) throws(Refusal) in
                guard address.family == .ipv4 || interface.isUp else { throw Refusal(ENETDOWN) }
                guard interface.routedAddresses.insert(address).inserted else { throw Refusal(EEXIST) }
            }
        case .removeRoute(let address, let number):
            try change(number, orElse: ESRCH) { (interface) throws(Refusal) in
                guard interface.routedAddresses.remove(address) != nil else { throw Refusal(ESRCH) }
            }
        default: break
        }
    }

    /// Changes the interface with a number.
    private mutating func change(
        _ number: Int32,
        orElse errno: Int32,
        _ body: (inout InMemoryNode.Interface) throws(Refusal) -> Void
    ) throws(Refusal) {
        guard let name = links.name(of: number), var interface = contents.interfaces[name] else { throw Refusal(errno) }
        // Out of the dictionary, so that thousands of addresses are not copied for each.
        contents.interfaces[name] = nil
        defer { contents.interfaces[name] = interface }
        try body(&interface)
    }
}
