import CNetfilter
import IPVS
import IPVSProxy
import Netlink

/// An element of one of the table's sets, as the kernel has it.
struct SeenElement {
    let key: PacketRules.Key

    /// The value; nil if rules have no such one.
    let value: Value?

    enum Value: Equatable {
        case none
        case endpoint(Endpoint)
        case chain(String)
    }

    /// Calls `body` with all elements in the payload of an `NFT_MSG_NEWSETELEM` message, or with nil for one that a set of
    /// this form does not have.
    static func forEach(
        in bytes: RawSpan,
        of set: NamedSet,
        _ body: (SeenElement?) -> Void
    ) throws(MalformedReply) {
        try bytes.forEachElement { (element) throws(MalformedReply) in
            body(try SeenElement(decoding: element, of: set))
        }
    }

    private init?(decoding bytes: RawSpan, of set: NamedSet) throws(MalformedReply) {
        var key: PacketRules.Key?
        var value: Value? = set.values == .none ? Value.none : nil
        var isPlain = true
        var cursor = AttributeCursor(.element)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case Number.elementKey:
                let data = bytes.extracting(attribute.payload)
                guard let place = try data.find(Number.value, .data), place.payload.count == set.keyLength else {
                    return nil
                }
                key = data.extracting(place.payload).key(of: set)
            case Number.elementData: value = try Self.value(bytes.extracting(attribute.payload), of: set)
            case Number.elementFlags: isPlain = try bytes.readNumber(attribute) == 0 && isPlain
            case Number.elementUserData: break
            // A limit or a counter, for example.
            default: isPlain = false
            }
        }
        guard let key else { return nil }
        self.key = key
        self.value = isPlain ? value : nil
    }

    private static func value(_ data: RawSpan, of set: NamedSet) throws(MalformedReply) -> Value? {
        switch set.values {
        case .none: return nil
        case .endpoints:
            guard let place = try data.find(Number.value, .data), place.payload.count == set.valueLength else {
                return nil
            }
            return .endpoint(data.extracting(place.payload).endpoint(of: set))
        case .verdicts:
            guard let place = try data.find(Number.verdict, .data) else { return nil }
            let verdict = data.extracting(place.payload)
            var cursor = AttributeCursor(.verdict)
            var (code, chain) = (UInt32(0), String?.none)
            while let attribute = try cursor.next(in: verdict) {
                if attribute.type == Number.verdictCode { code = try verdict.readNumber(attribute) }
                if attribute.type == Number.verdictChain { chain = try verdict.readString(attribute) }
            }
            guard Int32(bitPattern: code) == NFT_JUMP.rawValue else { return nil }
            return chain.map { .chain($0) }
        }
    }
}

extension RawSpan {
    /// Calls `body` with the bytes of all elements in the payload of an `NFT_MSG_NEWSETELEM` message.
    func forEachElement(_ body: (RawSpan) throws(MalformedReply) -> Void) throws(MalformedReply) {
        var cursor = AttributeCursor(.elementList, from: MemoryLayout<nfgenmsg>.size)
        while let attribute = try cursor.next(in: self) {
            guard attribute.type == Number.listElements else { continue }
            let list = extracting(attribute.payload)
            var elements = AttributeCursor(.list)
            while let attribute = try elements.next(in: list) { try body(list.extracting(attribute.payload)) }
        }
    }

    /// The attribute of a type among those of a set.
    fileprivate func find(_ type: Int, _ set: AttributeSet) throws(MalformedReply) -> Attribute? {
        var cursor = AttributeCursor(set)
        while let attribute = try cursor.next(in: self) {
            if attribute.type == type { return attribute }
        }
        return nil
    }

    // The lengths have been checked. Each part of a key begins at a multiple of four bytes.

    fileprivate func key(of set: NamedSet) -> PacketRules.Key? {
        switch set.kind {
        case .clusterIPs: .clusterIP(destination(of: set))
        case .external: .external(destination(of: set))
        case .local: .local(destination(of: set))
        case .redirects: .redirect(destination(of: set))
        case .unserved: .unserved(destination(of: set))
        case .refused: .refused(destination(of: set))
        case .restricted: .restricted(destination(of: set))
        case .addresses: .address(address(at: 0, of: set))
        case .hairpins:
            address(at: 0, of: set) == address(at: set.addressLength, of: set) ? .hairpin(address(at: 0, of: set)) : nil
        case .healthCheckPorts: .healthCheckPort(port(at: 0))
        }
    }

    private func destination(of set: NamedSet) -> PacketRules.Destination {
        let transport = TransportProtocol(rawValue: UInt16(integer(at: set.addressLength, as: UInt8.self)))
        let endpoint = Endpoint(address(at: 0, of: set), port(at: set.addressLength + 4))
        return PacketRules.Destination(transport, endpoint)
    }

    fileprivate func endpoint(of set: NamedSet) -> Endpoint {
        Endpoint(address(at: 0, of: set), port(at: set.addressLength))
    }

    private func port(at offset: Int) -> UInt16 { UInt16(bigEndian: integer(at: offset, as: UInt16.self)) }

    private func address(at offset: Int, of set: NamedSet) -> IPAddress {
        switch set.family {
        case .ipv6:
            SixteenBytes(
                high: UInt64(bigEndian: integer(at: offset, as: UInt64.self)),
                low: UInt64(bigEndian: integer(at: offset + 8, as: UInt64.self))
            ).address(.ipv6)
        case .ipv4, nil: IPAddress(ipv4: UInt32(bigEndian: integer(at: offset, as: UInt32.self)))
        }
    }
}
