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
            case .masquerade, .local, .bypass, .other: break
            }
        }
        if !given.contains(.tunnel), endpoint.address.family != id.family {
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

    /// Why a real server has another port than the line has.
    func portRemark(for command: Compatible.Command) -> String? {
        let server: RealServer
        switch command {
        case .addRealServer(let real, _), .editRealServer(let real, _): server = real
        default: return nil
        }
        guard let port = real?.port, port != server.endpoint.port else { return nil }
        let method =
            switch given.intersection(.methods).first {
            case .tunnel?: "the method is -i"
            case .directRouting?: "the method is -g"
            default: "without -m the method is -g"
            }
        return "not port \(port), as \(method), which has the virtual server's port"
    }

    private func forwarding() throws(UsageError) -> ForwardingMethod {
        let method = given.intersection(.methods).first
        let settings = given.intersection(.tunnelSettings)
        guard method == .tunnel else {
            if let setting = settings.first { throw UsageError("\(setting.name) is for tunnels (-i) alone") }
            switch method {
            case .masquerade: return .masquerade
            case .local: return .local
            case .bypass: return .bypass
            case .otherMethod: return .other(otherMethod)
            default: return .directRouting
            }
        }
        return .tunnel(try tunnel(settings))
    }

    private func tunnel(_ settings: Compatible.Options) throws(UsageError) -> Tunnel {
        let allowed: Compatible.Options =
            switch tunnelKind {
            case .gue: .tunnelSettings
            case .gre: [.tunnelType, .noChecksum, .checksum]
            default: [.tunnelType]
            }
        if let setting = settings.subtracting(allowed).first {
            throw UsageError("\(setting.name) does not go with a tunnel of type \(tunnelKind)")
        }
        let checksums = settings.intersection(.checksums)
        if let one = checksums.first, let other = checksums.subtracting([one]).first { throw .exclusive(one, other) }
        switch tunnelKind {
        case .gue:
            guard settings.contains(.tunnelPort) else { throw UsageError("a tunnel of type gue needs --tun-port") }
            return .gue(port: tunnelPort, checksum: checksum(checksums.first))
        case .gre: return .gre(checksum: checksums.contains(.checksum))
        default: return .ipip
        }
    }

    private func checksum(_ option: Option?) -> Tunnel.Checksum {
        switch option {
        case .checksum: .full
        case .remoteChecksum: .remote
        default: .none
        }
    }
}
