import CIPVS
import VisibleText

// Values that no kernel accepts, or that every kernel would misinterpret, are refused before anything is sent. Values
// that only some kernels refuse are sent.

/// Why a value was refused: which field, and what is wrong with it.
struct InvalidValue: Error, Hashable {
    let field: Field
    let reason: String
}

private func require(
    _ condition: Bool,
    _ field: @autoclosure () -> Field,
    _ reason: @autoclosure () -> String
) throws(InvalidValue) {
    guard condition else { throw InvalidValue(field: field(), reason: reason()) }
}

/// Names are C strings in buffers of a fixed size in the kernel.
private func requireName(_ name: String, _ field: @autoclosure () -> Field, maximum: Int) throws(InvalidValue) {
    try require(!name.isEmpty, field(), "is empty")
    try require(name.utf8.count <= maximum, field(), "\(name.quoted) is longer than \(maximum) bytes")
    try require(!name.utf8.contains(0), field(), "contains a NUL")
}

extension VirtualServer.Identity {
    func validate() throws(InvalidValue) {
        // The kernel interprets a mark of 0 as TCP 0.0.0.0:0.
        if case .firewallMark(let mark, _) = self {
            try require(mark != 0, Field(VirtualServer.CodingKeys.id, name: "firewall mark"), "is 0")
        }
    }
}

extension VirtualServer {
    func validate() throws(InvalidValue) {
        try id.validate()
        try requireName(scheduler.rawValue, Field(CodingKeys.scheduler), maximum: Scheduler.maximumNameLength)
        if let persistenceEngine {
            let maximum = PersistenceEngine.maximumNameLength
            try requireName(persistenceEngine.rawValue, Field(CodingKeys.persistenceEngine), maximum: maximum)
        }
        guard let persistence else { return }
        try require(
            persistence.timeout <= Persistence.maximumTimeout,
            Field(CodingKeys.persistence, Persistence.CodingKeys.timeout),
            "\(persistence.timeout) is longer than \(Persistence.maximumTimeout) seconds"
        )
        if let mask = persistence.mask {
            // Made only for an error: its name takes longer than all else here.
            var maskField: Field { Field(CodingKeys.persistence, Persistence.CodingKeys.mask) }
            try require(
                mask.family == id.family,
                maskField,
                "\(mask) is for \(mask.family), but the virtual server is \(id.family)"
            )
            if case .prefixLength(let length) = mask.bits {
                try require((1...128).contains(length), maskField, "\(length) is not in 1...128")
            }
        }
    }
}

extension RealServer {
    func validate(for service: VirtualServer.Identity) throws(InvalidValue) {
        try service.validate()
        let address = endpoint.address
        try require(
            !address.isUnspecified && !address.isMulticast && !address.isLimitedBroadcast,
            Field(CodingKeys.endpoint, name: "address"),
            "\(address) is not that of a single host"
        )
        try require(weight <= UInt32(Int32.max), Field(CodingKeys.weight), "\(weight) is above \(Int32.max)")
        try require(
            lowerThreshold <= upperThreshold,
            Field(CodingKeys.lowerThreshold),
            "\(lowerThreshold) is above the upper threshold, \(upperThreshold)"
        )
        if case .other(let number) = forwarding {
            let field = Field(CodingKeys.forwarding, name: "forwarding method")
            try require(number > UInt32(IP_VS_CONN_F_BYPASS), field, "\(number) has a name")
            try require(number <= UInt32(IP_VS_CONN_F_FWD_MASK), field, "\(number) is above \(IP_VS_CONN_F_FWD_MASK)")
            return
        }
        guard case .tunnel(let tunnel) = forwarding else {
            return try require(
                address.family == service.family,
                Field(CodingKeys.endpoint, name: "address"),
                "\(address) is \(address.family), but the virtual server is \(service.family): "
                    + "only a tunnel leads to another family"
            )
        }
        var port: Field {
            Field(
                CodingKeys.forwarding,
                ForwardingMethod.CodingKeys.tunnel,
                Tunnel.CodingKeys.port,
                name: "tunnel port"
            )
        }
        try require(tunnel.kind != .gue || tunnel.port != 0, port, "is 0, which GUE can't be sent to")
    }
}

extension Timeouts {
    func validate() throws(InvalidValue) {
        for (key, name, value) in [
            (CodingKeys.tcp, "TCP timeout", tcp), (.tcpFIN, "TCP FIN timeout", tcpFIN), (.udp, "UDP timeout", udp),
        ] {
            let field = Field(key, name: name)
            // For 0, the kernel would keep its value; a number of more than 31 bits would be negative.
            guard let value else { continue }
            try require(value != 0, field, "is 0; leave it out to keep the kernel's value")
            try require(value <= UInt32(Int32.max), field, "\(value) is above \(Int32.max) seconds")
        }
    }
}

extension SyncDaemon {
    // The kernel's buffer has IP_VS_IFNAME_MAXLEN, 16, bytes including a terminating NUL.
    static let maximumInterfaceLength = 15

    func validate() throws(InvalidValue) {
        try requireName(interface, Field(CodingKeys.interface), maximum: Self.maximumInterfaceLength)
        // Messages have 8 bits for it; the kernel would truncate larger values.
        try require(syncID <= UInt32(UInt8.max), Field(CodingKeys.syncID), "\(syncID) is above 255")
        // The kernel would use its default for 0, which nil stands for here.
        for (key, value) in [
            (CodingKeys.maximumLength, maximumLength), (.port, port), (.timeToLive, timeToLive.map(UInt16.init)),
        ] {
            try require(value != 0, Field(key), "is 0; leave it out for the kernel's choice")
        }
        if let group {
            let field = Field(CodingKeys.group, name: "multicast group")
            try require(group.isMulticast, field, "\(group) is not a multicast address")
        }
    }
}
