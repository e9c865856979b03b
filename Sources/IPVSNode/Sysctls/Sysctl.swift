/// A setting of the kernel's, by the name and with the value that `sysctl` takes: `net.ipv4.ip_forward` and 1.
public struct Sysctl: Hashable, Sendable, Codable {
    /// The name, with dots: `net.ipv4.vs.conntrack`.
    public let name: String

    /// The value that it should have.
    public let value: Int

    /// A setting that should have a value.
    public init(_ name: String, _ value: Int) {
        self.name = name
        self.value = value
    }

    /// Where the kernel has it. Each dot parts two folders; so a setting of an interface with a dot in its name has no name
    /// here.
    var path: String { "/proc/sys/" + String(name.map { $0 == "." ? "/" : $0 }) }
}

extension Sysctl {
    /// The settings that kube-proxy's IPVS mode needs on a kernel of a version:
    ///
    /// - connections through IPVS are tracked, which masquerading needs (`conntrack`);
    /// - on kernels 4.1 to 5.8, a client's port that is used again stays with its real server (`conn_reuse_mode` 0), as
    ///   those would else drop its first packet; older kernels don't have it, newer ones are left as they are;
    /// - a connection whose real server has been deleted ends (`expire_nodest_conn`), and so does a client's affinity to a
    ///   real server of weight 0 (`expire_quiescent_template`);
    /// - the node forwards packets, of IPv6 only if that is among the families: a node that forwards IPv6 no longer takes
    ///   its routes from router advertisements, unless its interfaces have `accept_ra` 2;
    /// - with strict ARP, the node answers for an address only where it has it, and not for those of the dummy interface.
    ///
    /// Those of `net.ipv4.vs` are there once IPVS is, which an `IPVS.Handle` sees to when it is opened.
    public static func ipvsMode(
        on kernel: KernelVersion = .running,
        forwardingIPv6: Bool = false,
        strictARP: Bool = false
    ) -> [Sysctl] {
        var all = [Sysctl("net.ipv4.vs.conntrack", 1)]
        if (KernelVersion(4, 1)..<KernelVersion(5, 9)).contains(kernel) {
            all.append(Sysctl("net.ipv4.vs.conn_reuse_mode", 0))
        }
        all += [
            Sysctl("net.ipv4.vs.expire_nodest_conn", 1), Sysctl("net.ipv4.vs.expire_quiescent_template", 1),
            Sysctl("net.ipv4.ip_forward", 1),
        ]
        if forwardingIPv6 { all.append(Sysctl("net.ipv6.conf.all.forwarding", 1)) }
        if strictARP {
            all += [Sysctl("net.ipv4.conf.all.arp_ignore", 1), Sysctl("net.ipv4.conf.all.arp_announce", 2)]
        }
        return all
    }
}
