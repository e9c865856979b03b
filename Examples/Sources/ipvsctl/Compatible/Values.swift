import Common
import Glibc
import IPVS

// The values of options as ipvsadm parses them, with the C library's formats of numbers and addresses.

extension Compatible {
    /// A decimal number of a range; nil for anything else. As in C, blanks and a sign may precede it.
    static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        text.withCString { start in
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            let number = strtol(start, &end, 10)
            guard let end, end != start, end.pointee == 0, errno == 0, range.contains(number) else { return nil }
            return number
        }
    }

    /// An IPv4 address in any of C's forms: `10.1` is 10.0.0.1.
    static func ipv4Address(_ text: String) -> IPAddress? {
        var address = in_addr()
        guard inet_aton(text, &address) != 0 else { return nil }
        return IPAddress(ipv4: UInt32(bigEndian: address.s_addr))
    }

    /// The address and port of a virtual or real server on a line.
    struct Place: Hashable {
        let address: IPAddress
        /// Nil if it is not on the line.
        let port: UInt16?

        init(address: IPAddress, port: UInt16?) {
            self.address = address
            self.port = port
        }

        /// Reads `10.0.0.1:80`, `10.0.0.1`, `host:http`, `[fd00::1]:80` or `fd00::1`. A port can have the name of a
        /// service of the protocol, where that is known.
        init(_ text: String, of transport: TransportProtocol?, _ names: Names, _ dialect: Dialect) throws(UsageError) {
            if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                throw UsageError("\(text.quoted) is not an address or a host's name")
            }
            let zone = text.zoneHint
            guard zone.isEmpty else { throw UsageError("\(text.quoted) has a zone\(zone)") }
            var host = text[...]
            var port: Substring?
            if text.hasPrefix("[") {
                guard let end = text.firstIndex(of: "]"), text[end...].hasPrefix("]:") else {
                    throw UsageError("\(text.quoted) is not an address in brackets, a colon and a port")
                }
                host = text[..<end].dropFirst()
                port = text[end...].dropFirst(2)
                address = try Self.bracketed(String(host), names, dialect)
            } else if let address = IPAddress(text), address.family == .ipv6 {
                self.address = address
            } else {
                if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) {
                    host = text[..<colon]
                    port = text[colon...].dropFirst()
                }
                let name = String(host)
                guard let address = ipv4Address(name) ?? names.address(name, .ipv4) else {
                    throw UsageError("\(name.quoted) is not an address, and no host of this name has an IPv4 address")
                }
                self.address = address
            }
            self.port = if let port { try Self.port(String(port), transport, names) } else { nil }
        }

        private static func bracketed(
            _ text: String,
            _ names: Names,
            _ dialect: Dialect
        ) throws(UsageError) -> IPAddress {
            if let address = IPAddress(text), address.family == .ipv6 { return address }
            // ipvsadm -S writes the name of a host between brackets, but can't read it.
            if dialect == .saved, let address = names.address(text, .ipv6) { return address }
            throw UsageError("\(text.quoted) in brackets is not an IPv6 address")
        }

        private static func port(
            _ text: String,
            _ transport: TransportProtocol?,
            _ names: Names
        ) throws(UsageError) -> UInt16 {
            if let number = number(text, in: 0...Int(UInt16.max)) { return UInt16(number) }
            if let port = transport.flatMap({ names.port(text, $0) }) { return port }
            throw UsageError(
                "\(text.quoted) is not a port, nor a service of \(transport?.description ?? "any protocol")"
            )
        }
    }
}

extension Compatible {
    /// An address as C's library writes it, which is ipvsadm's form: `::0.1.0.2` where RFC 5952 has `::1:2`.
    static func text(of address: IPAddress) -> String {
        var bytes = address.bytes
        let capacity = Int(INET6_ADDRSTRLEN)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard let start = buffer.baseAddress,
                inet_ntop(Int32(address.family.rawValue), &bytes, start, socklen_t(capacity)) != nil
            else { return address.description }
            return String(cString: start)
        }
    }
}
