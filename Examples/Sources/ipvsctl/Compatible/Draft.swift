import ArgumentParser
import Common
import IPVS

extension Compatible {
    /// The parts of a line that were read so far.
    struct Draft {
        typealias UsageError = Compatible.UsageError
        typealias Option = Compatible.Option

        let names: Names
        let dialect: Dialect

        var arguments: [String] = []
        var namespace: NetworkNamespace?
        var format = Format()
        var given: Options = []
        var role = SyncDaemon.Role.master

        // A virtual server.
        var transport: TransportProtocol?
        var place: Place?
        var mark: UInt32?
        var markFamily = IPAddress.Family.ipv4
        var scheduler = Scheduler.weightedLeastConnection
        var flagNames: String?
        var timeout: UInt32 = 0
        var mask: String?
        var engine: PersistenceEngine?

        // A real server.
        var real: Place?
        var weight: UInt32 = 1
        var otherMethod: UInt32 = 0
        var upperThreshold: UInt32 = 0
        var lowerThreshold: UInt32 = 0
        var tunnelKind = Tunnel.Kind.ipip
        var tunnelPort: UInt16 = 0

        // A sync daemon.
        var daemon = SyncDaemon(.master, interface: "eth0")

        /// Whether no option was read.
        var isEmpty: Bool { given.isEmpty }

        init(names: Names, dialect: Dialect) {
            self.names = names
            self.dialect = dialect
        }
    }
}

extension Compatible.Draft {
    /// Sets the command.
    mutating func begin(_ occurrence: Compatible.Scanner.Occurrence) throws(UsageError) {
        guard let value = occurrence.value else { return }
        guard let role = SyncDaemon.Role(value) else {
            throw UsageError("a sync daemon is \"master\" or \"backup\", not \(value.quoted)")
        }
        self.role = role
    }

    /// Adds an option that is not the command.
    mutating func take(_ occurrence: Compatible.Scanner.Occurrence) throws(UsageError) {
        let option = occurrence.option
        if !Compatible.Options.free.contains(option) {
            if let other = given.intersection(option.alternatives).first {
                throw other == option
                    ? UsageError("\(option.name) is there twice") : .exclusive(other, option)
            }
            given.insert(option)
        }
        let value = occurrence.value ?? ""
        switch option {
        case .tcpService: try takeService(value, .tcp)
        case .udpService: try takeService(value, .udp)
        case .sctpService: try takeService(value, .sctp)
        case .otherService: try takeOtherService(value)
        case .firewallMark: mark = try firewallMark(value)
        case .ipv6:
            guard mark != nil else { throw UsageError("--ipv6 goes with --fwmark-service, and stands behind it") }
            markFamily = .ipv6
        case .scheduler: if !value.isEmpty { scheduler = Scheduler(rawValue: value) }
        case .schedulerFlags: flagNames = occurrence.value ?? "flag-3"
        case .persistent: try takePersistence(occurrence.value)
        case .netmask: mask = value
        case .engine: engine = value.isEmpty ? nil : PersistenceEngine(rawValue: value)
        case .realServer: real = try Compatible.Place(value, of: mark == nil ? transport : .tcp, names, dialect)
        // The numbers below have names, and the kernel has three bits for all.
        case .otherMethod: otherMethod = UInt32(try number(option, value, 5...7))
        case .weight: weight = UInt32(try number(option, value, 0...Int(Int32.max)))
        case .upperThreshold: upperThreshold = try threshold(option, value)
        case .lowerThreshold: lowerThreshold = try threshold(option, value)
        case .tunnelType: tunnelKind = try kind(value)
        case .tunnelPort: tunnelPort = UInt16(try number(option, value, 1...65_535))
        case .syncID: daemon.syncID = UInt32(try number(option, value, 0...255))
        // A packet of 65,535 bytes without the headers of IP and UDP.
        case .maximumLength: daemon.maximumLength = UInt16(try number(option, value, 1...65_507))
        case .interface: if !value.isEmpty { daemon.interface = value }
        case .group: daemon.group = try group(value)
        case .groupPort: daemon.port = UInt16(try number(option, value, 1...65_535))
        case .timeToLive: daemon.timeToLive = UInt8(try number(option, value, 1...255))
        case .namespace: try takeNamespace(value)
        default: takeFormat(option)
        }
    }

    private mutating func takeFormat(_ option: Option) {
        switch option {
        case .numeric: format.isNumeric = true
        case .exact: format.isExact = true
        case .noSort: format.isSorted = false
        case .json: format.isJSON = true
        default: break
        }
    }

    private mutating func takeService(_ text: String, _ transport: TransportProtocol) throws(UsageError) {
        self.transport = transport
        place = try Compatible.Place(text, of: transport, names, dialect)
    }

    /// A virtual server of a protocol that ipvsadm has no option for: `47/10.0.0.1:80`.
    private mutating func takeOtherService(_ text: String) throws(UsageError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let number = Compatible.number(parts[0], in: 0...65_535) else {
            throw UsageError("\(text.quoted) is not a protocol's number, a slash, an address, a colon and a port")
        }
        try takeService(parts[1], TransportProtocol(rawValue: UInt16(number)))
    }

    private func firewallMark(_ text: String) throws(UsageError) -> UInt32 {
        // ipvsadm -S writes those above the largest signed number as negative ones.
        if dialect == .saved, let negative = Compatible.number(text, in: Int(Int32.min)...(-1)) {
            return UInt32(bitPattern: Int32(negative))
        }
        return UInt32(try number(.firewallMark, text, 1...Int(UInt32.max)))
    }

    private mutating func takePersistence(_ text: String?) throws(UsageError) {
        let shortest = dialect == .saved ? 0 : 1
        guard let text else { return timeout = Persistence().timeout }
        timeout = UInt32(try number(.persistent, text, shortest...Int(Persistence.maximumTimeout)))
    }

    private mutating func takeNamespace(_ text: String) throws(UsageError) {
        guard dialect == .commandLine else {
            throw UsageError("--netns belongs on the command line, not in a saved line")
        }
        do throws(ValidationError) {
            namespace = try NetworkNamespace(argument: text)
        } catch {
            throw UsageError("--netns is a network namespace's path or name, or a process; \(error.message)")
        }
    }

    func number(_ option: Option, _ text: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
        if let number = Compatible.number(text, in: range) { return number }
        let bounds = "\(range.lowerBound) to \(range.upperBound)"
        throw UsageError("\(option.name) is a number from \(bounds), not \(text.quoted)")
    }

    private func threshold(_ option: Option, _ text: String) throws(UsageError) -> UInt32 {
        UInt32(try number(option, text, 0...(dialect == .saved ? Int(UInt32.max) : Int(Int32.max))))
    }

    private func kind(_ text: String) throws(UsageError) -> Tunnel.Kind {
        let known: [Tunnel.Kind] = [.ipip, .gue, .gre]
        guard let kind = known.first(where: { $0.description == text }) else {
            throw UsageError("--tun-type is ipip, gue or gre, not \(text.quoted)")
        }
        return kind
    }

    private func group(_ text: String) throws(UsageError) -> IPAddress {
        guard let group = IPAddress(text), let first = group.bytes.first,
            group.family == .ipv4 ? first >> 4 == 0xe : first == 0xff
        else { throw UsageError("--mcast-group is a multicast address, not \(text.quoted)\(text.zoneHint)") }
        return group
    }
}
