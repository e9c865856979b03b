import Glibc
public import IPVS

/// The entries of tracked UDP connections in a namespace, without any packets or rules. It shares no code with what it checks.
public final class ConntrackEntries: Sendable {
    private let descriptor: Int32

    /// What a kernel may lack.
    public enum Problem: Error {
        /// It has no zones (`CONFIG_NF_CONNTRACK_ZONES`).
        case withoutZones
    }

    /// Opens a socket in a namespace. Throws if the kernel has no ctnetlink.
    public init(_ namespace: TestNamespace) throws {
        let place = namespace.descriptor
        descriptor = try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            // NETLINK_NETFILTER
            let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), 12)
            guard descriptor >= 0 else { throw TestFailure("socket: \(errno)") }
            return descriptor
        }
    }

    deinit { close(descriptor) }

    /// Whether the kernel has ctnetlink, or can load it.
    public static let areAvailable: Bool = {
        let nobody = Endpoint(IPAddress(192, 0, 2, 1), 1)
        do { return try !ConntrackEntries(TestNamespace()).contains(nobody, nobody) } catch { return false }
    }()

    /// Adds an entry of packets from one endpoint to another, which `replySource` answers. Its zone is that of both directions.
    public func add(
        _ source: Endpoint,
        _ destination: Endpoint,
        answeredBy replySource: Endpoint? = nil,
        zone: UInt16 = 0
    ) throws {
        let reply = tuple(replySource ?? destination, source)
        // With a timeout of a minute.
        let body = attribute(2, reply) + attribute(7, [0, 0, 0, 60])
        // IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL
        let errno = try ask(0x0100, 0x600, source, destination, zone, body)
        if errno == EOPNOTSUPP, zone != 0 { throw Problem.withoutZones }
        guard errno == 0 else { throw TestFailure("adding an entry: \(errno)") }
    }

    /// Whether there is an entry of packets from one endpoint to another.
    public func contains(
        _ source: Endpoint,
        _ destination: Endpoint,
        zone: UInt16 = 0
    ) throws -> Bool {
        // IPCTNL_MSG_CT_GET
        let errno = try ask(0x0101, 0, source, destination, zone, [])
        guard [0, ENOENT].contains(errno) else { throw TestFailure("looking for an entry: \(errno)") }
        return errno == 0
    }

    /// Makes a request about an entry, and returns the error number of the answer.
    private func ask(
        _ type: UInt16,
        _ flags: UInt16,
        _ source: Endpoint,
        _ destination: Endpoint,
        _ zone: UInt16,
        _ body: [UInt8]
    ) throws -> Int32 {
        var payload: [UInt8] = [UInt8(source.address.family.rawValue), 0, 0, 0]
        payload += attribute(1, tuple(source, destination))
        if zone != 0 { payload += attribute(18, bigEndian(zone)) }
        payload += body
        // With NLM_F_REQUEST | NLM_F_ACK.
        let length = withUnsafeBytes(of: UInt32(payload.count + 16)) { Array($0) }
        let kind = withUnsafeBytes(of: (type, flags | 5)) { Array($0) }
        let request = length + kind + [1, 0, 0, 0, 0, 0, 0, 0] + payload
        guard send(descriptor, request, request.count, 0) == request.count else { throw TestFailure("send: \(errno)") }
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 20 else { throw TestFailure("recv: \(errno)") }
            let (type, code) = buffer.withUnsafeBytes {
                (
                    $0.loadUnaligned(fromByteOffset: 4, as: UInt16.self),
                    $0.loadUnaligned(fromByteOffset: 16, as: Int32.self)
                )
            }
            // NLMSG_ERROR, which is also the acknowledgment
            if type == 2 { return -code }
        }
    }

    private func tuple(_ source: Endpoint, _ destination: Endpoint) -> [UInt8] {
        let first: UInt16 = source.address.family == .ipv4 ? 1 : 3
        let addresses = attribute(first, source.address.bytes) + attribute(first + 1, destination.address.bytes)
        let ports =
            attribute(1, [UInt8(IPPROTO_UDP)]) + attribute(2, bigEndian(source.port))
            + attribute(3, bigEndian(destination.port))
        return attribute(1 | 0x8000, addresses) + attribute(2 | 0x8000, ports)
    }

    private func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        let header = withUnsafeBytes(of: (UInt16(value.count + 4), type)) { Array($0) }
        return header + value + [UInt8](repeating: 0, count: -value.count & 3)
    }

    private func bigEndian(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
}
