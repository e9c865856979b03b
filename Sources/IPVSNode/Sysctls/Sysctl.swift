/// A sysctl, with the name and the value that `sysctl` uses: `net.ipv4.ip_forward` and 1.
public struct Sysctl: Hashable, Sendable, Codable {
    /// The name, separated by dots: `net.ipv4.vs.conntrack`.
    public let name: String

    /// The desired value.
    public let value: Int

    /// A sysctl with a desired value.
    public init(_ name: String, _ value: Int) {
        self.name = name
        self.value = value
    }

    /// The path of its file. Each dot separates two folders, so sysctls of an interface with a dot in its name can't be
    /// represented.
    var path: String { "/proc/sys/" + String(name.map { $0 == "." ? "/" : $0 }) }
}

extension Sysctl {
    /// The sysctls that kube-proxy's IPVS mode needs:
    ///
    /// - `net.ipv4.vs.conntrack`: IPVS connections are tracked, which masquerading requires.
    /// - `net.ipv4.vs.conn_reuse_mode` 0, on kernels 4.1 to 5.8: a client port that is reused stays with its real
    ///   server. These kernels would otherwise drop its first packet. Older kernels don't have it, and newer ones are
    ///   not changed.
    /// - `net.ipv4.vs.expire_nodest_conn`: a connection ends when its real server was deleted.
    /// - `net.ipv4.vs.expire_quiescent_template`: a client's affinity to a real server with a weight of 0 ends.
    /// - `net.ipv4.ip_forward`: the node forwards packets.
    ///
    /// The sysctls of `net.ipv4.vs` exist while the module `ip_vs` is loaded. Opening an `IPVS.Handle` loads it.
    /// - Parameters:
    ///   - kernel: The version of the kernel.
    ///   - forwardingIPv6: Whether the node forwards IPv6 packets too. It then ignores routes in router advertisements,
    ///     unless its interfaces have `accept_ra` 2.
    ///   - strictARP: Whether the node answers ARP requests for an address only on the interface that has it, and not
    ///     for addresses of the dummy interface.
    /// - Returns: The sysctls, in the order in which to set them.
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
