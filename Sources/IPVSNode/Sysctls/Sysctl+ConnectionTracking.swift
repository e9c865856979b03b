import Netlink

extension Sysctl {
    /// The sysctls of connection tracking that kube-proxy sets:
    ///
    /// - `net.netfilter.nf_conntrack_max`: how many connections the kernel tracks. New ones are dropped if there are more. All
    ///   network namespaces have the same limit, and only the initial one can change it.
    /// - `net.netfilter.nf_conntrack_tcp_timeout_established`: how long an established TCP connection may be idle.
    /// - `net.netfilter.nf_conntrack_tcp_timeout_close_wait`: how long a TCP connection may be idle that the client or the
    ///   endpoint has closed, and the other one has not.
    /// - `net.netfilter.nf_conntrack_tcp_be_liberal` 1: packets whose sequence numbers are out of the window are not invalid.
    /// - `net.netfilter.nf_conntrack_udp_timeout`: how long packets of a UDP client are tracked that has no answer yet.
    /// - `net.netfilter.nf_conntrack_udp_timeout_stream`: how long they are tracked once there were several answers.
    ///
    /// As in kube-proxy, a value of 0 leaves the kernel's, as nil does. The size of the kernel's hash table is not changed.
    ///
    /// These sysctls exist while the module `nf_conntrack` is loaded, which `ip_vs` needs.
    /// - Parameters:
    ///   - maxPerCore: How many connections to track for each core.
    ///   - min: How many connections to track at least, however few cores there are. It has an effect only with `maxPerCore`.
    ///   - tcpEstablishedTimeout: The time for established TCP connections in seconds.
    ///   - tcpCloseWaitTimeout: The time for half closed TCP connections in seconds.
    ///   - tcpIsLiberal: Whether packets out of the window belong to their TCP connections; false leaves the kernel's value.
    ///   - udpTimeout: The time for UDP clients without an answer in seconds.
    ///   - udpStreamTimeout: The time for other UDP clients in seconds.
    ///   - cores: The number of cores; nil for those of the machine that are online.
    /// - Returns: The sysctls; those without a value are left out.
    public static func connectionTracking(
        maxPerCore: UInt32? = nil,
        min: UInt32? = nil,
        tcpEstablishedTimeout: UInt32? = nil,
        tcpCloseWaitTimeout: UInt32? = nil,
        tcpIsLiberal: Bool = false,
        udpTimeout: UInt32? = nil,
        udpStreamTimeout: UInt32? = nil,
        cores: Int? = nil
    ) -> [Sysctl] {
        var all: [Sysctl] = []
        if let maxPerCore, maxPerCore > 0 {
            let cores = UInt32(clamping: cores ?? onlineCores)
            let (product, isTooMuch) = maxPerCore.multipliedReportingOverflow(by: cores)
            // To the kernel it is an integer of 32 bits with a sign.
            let limit = Swift.min(Swift.max(isTooMuch ? .max : product, min ?? 0), UInt32(Int32.max))
            all.append(Sysctl("net.netfilter.nf_conntrack_max", Int(limit)))
        }
        if tcpIsLiberal { all.append(Sysctl("net.netfilter.nf_conntrack_tcp_be_liberal", 1)) }
        let timeouts = [
            ("tcp_timeout_established", tcpEstablishedTimeout), ("tcp_timeout_close_wait", tcpCloseWaitTimeout),
            ("udp_timeout", udpTimeout), ("udp_timeout_stream", udpStreamTimeout),
        ]
        for case (let name, let seconds?) in timeouts where seconds > 0 {
            all.append(Sysctl("net.netfilter.nf_conntrack_\(name)", Int(seconds)))
        }
        return all
    }

    private static var onlineCores: Int { Swift.max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }
}
