import CIPVS
import CNetlinkShim
import IPVS
import Netlink

// The commands about virtual servers, with the kernel's checks in the kernel's order.

/// The attributes of a virtual server, and what they identify.
struct ServiceArguments {
    let key: ServiceKey
    let attributes: ReceivedAttributes
}

extension TableState {
    /// Reads the identity of a virtual server. What is wrong with an attribute is not reported.
    func service(_ bytes: ArraySlice<UInt8>?) throws(Refusal) -> ServiceArguments {
        let attributes: ReceivedAttributes
        do throws(Refusal) {
            guard let bytes else { throw Refusal(EINVAL) }
            attributes = try ReceivedAttributes(bytes, .service)
        } catch {
            throw Refusal(EINVAL)
        }
        let mark = attributes.integer(IPVS_SVC_ATTR_FWMARK, as: UInt32.self)
        let transport = attributes.integer(IPVS_SVC_ATTR_PROTOCOL, as: UInt16.self)
        let address = attributes.address(IPVS_SVC_ATTR_ADDR)
        let port = attributes.integer(IPVS_SVC_ATTR_PORT, as: UInt16.self)
        guard let family = attributes.integer(IPVS_SVC_ATTR_AF, as: UInt16.self) else { throw Refusal(EINVAL) }
        if let mark {
            try Self.requireFamily(family)
            return ServiceArguments(key: ServiceKey(family: family, mark: mark), attributes: attributes)
        }
        guard let transport, let address, let port else { throw Refusal(EINVAL) }
        try Self.requireFamily(family)
        let key = ServiceKey(family: family, transport: transport, address: address, port: port)
        return ServiceArguments(key: key, attributes: attributes)
    }

    static func requireFamily(_ family: UInt16) throws(Refusal) {
        guard [UInt16(AF_INET), UInt16(AF_INET6)].contains(family) else { throw Refusal(EAFNOSUPPORT) }
    }

    /// Reads the identity of a virtual server that has to exist.
    func existingService(_ bytes: ArraySlice<UInt8>?) throws(Refusal) -> ServiceKey {
        let key = try service(bytes).key
        guard services[key] != nil else { throw Refusal(ESRCH) }
        return key
    }

    mutating func addService(_ bytes: ArraySlice<UInt8>?) throws(Refusal) {
        let arguments = try service(bytes)
        let old = services[arguments.key]
        let configuration = try Configuration(arguments.attributes, oldFlags: old?.flags)
        guard old == nil else { throw Refusal(EEXIST) }
        // Even if the virtual server is refused now.
        hasConnectionTable = true
        try require(configuration, arguments.key)
        services[arguments.key] = VirtualServerState(
            key: arguments.key,
            number: takeNumber(),
            scheduler: configuration.scheduler,
            engine: configuration.engine,
            flags: configuration.flags | VirtualServerState.hashedBit,
            timeout: configuration.timeout &* ticksPerSecond,
            mask: configuration.mask
        )
    }

    mutating func setService(_ bytes: ArraySlice<UInt8>?) throws(Refusal) {
        let arguments = try service(bytes)
        let configuration = try Configuration(arguments.attributes, oldFlags: services[arguments.key]?.flags)
        guard var service = services[arguments.key] else { throw Refusal(ESRCH) }
        try require(configuration, arguments.key)
        service.scheduler = configuration.scheduler
        service.engine = configuration.engine
        service.flags = configuration.flags | VirtualServerState.hashedBit
        service.timeout = configuration.timeout &* ticksPerSecond
        service.mask = configuration.mask
        services[arguments.key] = service
    }

    mutating func deleteService(_ bytes: ArraySlice<UInt8>?) throws(Refusal) {
        services[try existingService(bytes)] = nil
    }

    /// Sets counters to zero: those of one virtual server, or all.
    mutating func zeroCounters(_ bytes: ArraySlice<UInt8>?) throws(Refusal) {
        let keys = try bytes.map { (bytes) throws(Refusal) in [try existingService(bytes)] } ?? Array(services.keys)
        for key in keys {
            services[key]?.statistics = Statistics()
            for real in services[key]?.realServers.keys.map({ $0 }) ?? [] {
                services[key]?.realServers[real]?.counters.statistics = Statistics()
            }
        }
    }

    private func require(_ configuration: Configuration, _ key: ServiceKey) throws(Refusal) {
        guard version.schedulers.contains(configuration.scheduler) else { throw Refusal(ENOENT) }
        if let engine = configuration.engine, engine != PersistenceEngine.sip.rawValue { throw Refusal(ENOENT) }
        if key.family == UInt16(AF_INET6), !(1...128).contains(configuration.mask) { throw Refusal(EINVAL) }
    }
}

/// The configuration of a virtual server, as it was sent.
private struct Configuration {
    let scheduler: String
    let engine: String?
    let flags: UInt32
    let timeout: UInt32
    let mask: UInt32

    init(_ attributes: ReceivedAttributes, oldFlags: UInt32?) throws(Refusal) {
        guard let scheduler = attributes.text(IPVS_SVC_ATTR_SCHED_NAME),
            let flags = attributes.filledBytes(IPVS_SVC_ATTR_FLAGS, count: 8)?[...],
            let timeout = attributes.integer(IPVS_SVC_ATTR_TIMEOUT, as: UInt32.self),
            let mask = attributes.integer(IPVS_SVC_ATTR_NETMASK, as: UInt32.self)
        else { throw Refusal(EINVAL) }
        self.scheduler = scheduler
        let engine = attributes.text(IPVS_SVC_ATTR_PE_NAME)
        self.engine = engine == "" ? nil : engine
        let changed = flags.integer(at: 4, as: UInt32.self)
        self.flags = (oldFlags ?? 0) & ~changed | flags.integer(at: 0, as: UInt32.self) & changed
        self.timeout = timeout
        self.mask = mask
    }
}
