import IPVS

extension Compatible.Draft {
    func endpoint() throws(UsageError) -> Endpoint {
        guard let real else { throw UsageError("a real server is missing") }
        return Endpoint(real.address, real.port ?? (mark == nil ? place?.port : nil) ?? 0)
    }

    func realServer() throws(UsageError) -> RealServer {
        let id = try identity()
        let forwarding = try forwarding()
        var endpoint = try endpoint()
        if case .endpoint(_, let service) = id, real?.port == nil || dialect == .commandLine {
            switch forwarding {
            // It gets the client's packets as they are, so it is reached at the virtual server's own port.
            case .directRouting, .tunnel: endpoint.port = service.port
            case .masquerade, .local, .bypass: break
            }
        }
        if given[.tunnel.subject] != .tunnel, endpoint.address.family != id.family {
            throw UsageError(
                "\(endpoint.address) is \(endpoint.address.family), the virtual server \(id.family): "
                    + "only a tunnel (-i) leads to another family"
            )
        }
        return RealServer(
            endpoint,
            forwarding: forwarding,
            weight: weight,
            upperThreshold: upperThreshold,
            lowerThreshold: lowerThreshold
        )
    }

    private func forwarding() throws(UsageError) -> ForwardingMethod {
        let method = given[.directRouting] ?? .directRouting
        let all: [Option] = [.tunnelType, .tunnelPort, .noChecksum, .checksum, .remoteChecksum]
        let settings = all.filter { given[$0] != nil }
        guard method == .tunnel else {
            if let setting = settings.first { throw UsageError("\(setting.name) is for tunnels (-i) alone") }
            switch method {
            case .masquerade: return .masquerade
            case .local: return .local
            case .bypass: return .bypass
            default: return .directRouting
            }
        }
        return .tunnel(try tunnel(settings))
    }

    private func tunnel(_ settings: [Option]) throws(UsageError) -> Tunnel {
        var allowed: Set<Option> = [.tunnelType]
        if tunnelKind != .ipip { allowed.formUnion([.noChecksum, .checksum]) }
        if tunnelKind == .gue { allowed.formUnion([.tunnelPort, .remoteChecksum]) }
        for setting in settings where !allowed.contains(setting) {
            throw UsageError("\(setting.name) does not go with a tunnel of type \(tunnelKind)")
        }
        let checksums = settings.filter { [.noChecksum, .checksum, .remoteChecksum].contains($0) }
        if checksums.count > 1 { throw .exclusive(checksums[0], checksums[1]) }
        switch tunnelKind {
        case .gue:
            guard given[.tunnelPort] != nil else { throw UsageError("a tunnel of type gue needs --tun-port") }
            let checksum: [Option: Tunnel.Checksum] = [.checksum: .full, .remoteChecksum: .remote]
            return .gue(port: tunnelPort, checksum: checksums.first.flatMap { checksum[$0] } ?? .none)
        case .gre: return .gre(checksum: checksums.first == .checksum)
        default: return .ipip
        }
    }
}
