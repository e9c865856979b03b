import CIPVS
import CNetlinkShim
import IPVS
import Netlink

// The attributes of replies, in the kernel's order.

extension MessageWriter {
    mutating func putService(_ service: VirtualServerState, ticksPerSecond: UInt32) {
        let key = service.key
        nest(IPVS_CMD_ATTR_SERVICE) {
            $0.put(IPVS_SVC_ATTR_AF, key.family)
            if key.mark != 0 {
                $0.put(IPVS_SVC_ATTR_FWMARK, key.mark)
            } else {
                $0.put(IPVS_SVC_ATTR_PROTOCOL, key.transport)
                $0.put(IPVS_SVC_ATTR_ADDR, key.address)
                $0.put(IPVS_SVC_ATTR_PORT, key.port)
            }
            $0.put(IPVS_SVC_ATTR_SCHED_NAME, service.scheduler)
            if let engine = service.engine { $0.put(IPVS_SVC_ATTR_PE_NAME, engine) }
            $0.put(IPVS_SVC_ATTR_FLAGS, service.flags, UInt32.max)
            $0.put(IPVS_SVC_ATTR_TIMEOUT, service.timeout / ticksPerSecond)
            $0.put(IPVS_SVC_ATTR_NETMASK, service.mask)
            $0.putStatistics(service.statistics, IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64)
        }
    }

    mutating func putDestination(_ real: RealServerState) {
        let settings = real.settings
        nest(IPVS_CMD_ATTR_DEST) {
            $0.put(IPVS_DEST_ATTR_ADDR, real.key.address)
            $0.put(IPVS_DEST_ATTR_PORT, real.key.port)
            $0.put(IPVS_DEST_ATTR_FWD_METHOD, settings.forwarding)
            $0.put(IPVS_DEST_ATTR_WEIGHT, settings.weight)
            $0.put(IPVS_DEST_ATTR_TUN_TYPE, settings.tunnelKind)
            $0.put(IPVS_DEST_ATTR_TUN_PORT, settings.tunnelPort)
            $0.put(IPVS_DEST_ATTR_TUN_FLAGS, settings.tunnelFlags)
            $0.put(IPVS_DEST_ATTR_U_THRESH, settings.upperThreshold)
            $0.put(IPVS_DEST_ATTR_L_THRESH, settings.lowerThreshold)
            $0.put(IPVS_DEST_ATTR_ACTIVE_CONNS, real.counters.active)
            $0.put(IPVS_DEST_ATTR_INACT_CONNS, real.counters.inactive)
            $0.put(IPVS_DEST_ATTR_PERSIST_CONNS, real.counters.persistent)
            $0.put(IPVS_DEST_ATTR_ADDR_FAMILY, real.key.family)
            $0.putStatistics(real.counters.statistics, IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64)
        }
    }

    mutating func putDaemon(_ daemon: DaemonState) {
        nest(IPVS_CMD_ATTR_DAEMON) {
            $0.put(IPVS_DAEMON_ATTR_STATE, daemon.state)
            $0.put(IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface)
            $0.put(IPVS_DAEMON_ATTR_SYNC_ID, daemon.syncID)
            $0.put(IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.maximumLength)
            $0.put(IPVS_DAEMON_ATTR_MCAST_PORT, daemon.port)
            $0.put(IPVS_DAEMON_ATTR_MCAST_TTL, daemon.timeToLive)
            switch daemon.group {
            case .ipv4(let number): $0.put(IPVS_DAEMON_ATTR_MCAST_GROUP, number)
            case .ipv6(let address): $0.put(IPVS_DAEMON_ATTR_MCAST_GROUP6, address)
            }
        }
    }

    mutating func putTimeouts(_ timeouts: Timeouts) {
        // Those of protocols that the kernel does not balance are missing.
        if let tcp = timeouts.tcp { put(IPVS_CMD_ATTR_TIMEOUT_TCP, tcp) }
        if let tcpFIN = timeouts.tcpFIN { put(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, tcpFIN) }
        if let udp = timeouts.udp { put(IPVS_CMD_ATTR_TIMEOUT_UDP, udp) }
    }

    /// Puts counters twice, as the kernel does: with 32 bits for all but the bytes, and with 64 bits.
    private mutating func putStatistics(_ statistics: Statistics, _ narrow: Int, _ wide: Int) {
        let rates = statistics.rates
        let counters: [(Int, UInt64)] = [
            (IPVS_STATS_ATTR_CONNS, statistics.connections), (IPVS_STATS_ATTR_INPKTS, statistics.incomingPackets),
            (IPVS_STATS_ATTR_OUTPKTS, statistics.outgoingPackets), (IPVS_STATS_ATTR_INBYTES, statistics.incomingBytes),
            (IPVS_STATS_ATTR_OUTBYTES, statistics.outgoingBytes), (IPVS_STATS_ATTR_CPS, rates.connections),
            (IPVS_STATS_ATTR_INPPS, rates.incomingPackets), (IPVS_STATS_ATTR_OUTPPS, rates.outgoingPackets),
            (IPVS_STATS_ATTR_INBPS, rates.incomingBytes), (IPVS_STATS_ATTR_OUTBPS, rates.outgoingBytes),
        ]
        nest(narrow) { nest in
            for (type, value) in counters {
                let isWide = type == IPVS_STATS_ATTR_INBYTES || type == IPVS_STATS_ATTR_OUTBYTES
                if isWide { nest.put(type, value) } else { nest.put(type, UInt32(truncatingIfNeeded: value)) }
            }
        }
        nest(wide) { nest in
            for (type, value) in counters { nest.put(type, value) }
        }
    }
}
