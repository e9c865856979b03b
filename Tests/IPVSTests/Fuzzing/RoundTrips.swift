import CIPVS
import IPVSFuzzing

@testable import IPVS
@testable import Netlink

// What was decoded is encoded and decoded again. Where a handle would refuse to send a model, there is nothing to encode.

extension VirtualServer {
    /// Expects that it can be encoded for the kernel, and decodes as the same one.
    func checkRoundTrip() throws { try Request.addVirtualServer(self).checkRoundTrip() }
}

extension RealServer {
    /// Expects that it can be encoded for the kernel, and decodes as the same one.
    func checkRoundTrip(in id: VirtualServer.Identity) throws { try Request.addRealServer(self, id).checkRoundTrip() }
}

extension SyncDaemon {
    /// Expects that it can be encoded for the kernel, and decodes as the same one.
    func checkRoundTrip() throws {
        let request = Request.startDaemon(self)
        guard request.isValid else { return }
        let bytes = request.sent.attributes[IPVS_CMD_ATTR_DAEMON] ?? []
        let again = try SyncDaemon(decoding: bytes.span.bytes)
        try hold(again == self, "\(self) becomes \(again)")
    }
}

extension Timeouts {
    /// Expects that they can be encoded for the kernel, and decode as the same ones, with 0 for those that are not set.
    func checkRoundTrip() throws {
        let request = Request.setTimeouts(self)
        guard request.isValid else { return }
        let bytes = Array(request.sent.bytes.dropFirst(20))
        let again = try Timeouts(decoding: bytes.span.bytes)
        let expected = Timeouts(tcp: tcp ?? 0, tcpFIN: tcpFIN ?? 0, udp: udp ?? 0)
        try hold(again == expected, "\(self) becomes \(again)")
    }
}

extension Statistics {
    /// Expects that they decode as the same ones from attributes of the kernel.
    func checkRoundTrip() throws {
        let again = try Statistics(decoding: wire().span.bytes)
        try hold(again == self, "\(self) becomes \(again)")
    }
}

extension KernelInfo {
    /// Expects that it decodes as the same one from attributes of the kernel.
    func checkRoundTrip() throws {
        let packed = UInt32(version.major) << 16 | UInt32(version.minor) << 8 | UInt32(version.patch)
        let bytes: [UInt8] =
            .attribute(IPVS_INFO_ATTR_VERSION, packed)
            + .attribute(IPVS_INFO_ATTR_CONN_TAB_SIZE, connectionTableSize)
        let again = try KernelInfo(decoding: bytes.span.bytes)
        try hold(again == self, "\(self) becomes \(again)")
    }
}

extension Request {
    fileprivate var isValid: Bool {
        do {
            try validate()
            return true
        } catch {
            return false
        }
    }

    /// Encodes a change as a batch does, which decodes it for errors.
    fileprivate func checkRoundTrip() throws {
        guard isValid else { return }
        var buffer = RequestBuffer(capacity: 1_024)
        try hold(buffer.append(self), "there is no room for \(self)")
        var again: Request?
        buffer.forEach { _, command, attributes in again = Request(command: command, decodingSent: attributes) }
        try hold(again == self, "\(self) becomes \(String(describing: again))")
    }
}
