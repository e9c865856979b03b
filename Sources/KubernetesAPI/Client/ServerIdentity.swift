import Glibc
import NIOCore
import NIOSSL

/// Whom a server's certificate must name: a host name or an IP address.
///
/// NIOSSL accepts a certificate for a host name too if it has the address of the peer instead. A name that is given is meant,
/// though, and a proxy is a peer with an address of its own.
struct ServerIdentity: Sendable {
    private let host: String

    /// The bytes of an IP address; nil for a host name.
    let address: [UInt8]?

    init(_ host: String) {
        self.host = host
        address = Self.bytes(host)
    }

    /// Whether it is an IP address.
    var isAddress: Bool { address != nil }

    /// Closes a connection if its peer has another identity. The certificate is one that a known authority has signed.
    func check(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
            if let certificate, isNamed(in: certificate) { return }
            channel.close(promise: nil)
            throw NIOSSLExtraError.failedToValidateHostname
        }
    }

    private func isNamed(in certificate: NIOSSLCertificate) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            switch name.nameType {
            case .dnsName: address == nil && Self.matches(String(decoding: name.contents, as: UTF8.self), host)
            case .ipAddress: address.map { $0.elementsEqual(name.contents) } ?? false
            default: false
            }
        }
    }

    /// Whether a name of a certificate, in which `*` can stand for the whole first label, is that of a host.
    static func matches(_ pattern: String, _ host: String) -> Bool {
        let (pattern, host) = (labels(pattern), labels(host))
        guard pattern.count == host.count, host.allSatisfy({ !$0.isEmpty }) else { return false }
        if pattern.first == "*", pattern.count > 1 { return pattern.dropFirst() == host.dropFirst() }
        return pattern == host
    }

    /// The labels of a name, without a dot at its end.
    private static func labels(_ name: String) -> [Substring] {
        var labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 1, labels.last == "" { labels.removeLast() }
        return labels
    }

    /// The bytes of an IP address; nil if it is none.
    private static func bytes(_ address: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if unsafe inet_pton(family, address, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
