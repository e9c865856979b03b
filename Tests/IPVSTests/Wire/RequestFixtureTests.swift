import CIPVS
import Testing

@testable import IPVS

@Suite("Requests of ipvsadm")
struct RequestFixtureTests {
    /// Each request of a capture is made from the command line, with the same attributes and values.
    ///
    /// ipvsadm fills in all of a service or destination even if the kernel only uses its identity. Two things are
    /// checked: that the encoder, given such a padded value, makes ipvsadm's message, attribute for attribute; and
    /// that the request as it is sent differs only in the padding.
    @Test(arguments: Capture.all)
    func requests(_ capture: Capture) throws {
        var count = 0
        for exchange in capture.exchanges {
            for message in exchange.messages {
                let captured = [UInt8](hex: message.request)
                let request = try #require(try request(for: captured, of: exchange), "\(exchange.command)")
                let expected = AttributeTree(message: captured)
                #expect(captured[0] == request.command, "\(exchange.command)")
                #expect(message.flags == request.flags, "\(exchange.command)")
                let makeable = AttributeTree(message: padded(request)).without(unmakeable(request))
                #expect(makeable == expected.without(unmakeable(request)), "\(exchange.command)")
                #expect(AttributeTree(message: request.encoded) == expected.without(padding(of: request)))
                count += 1
            }
        }
        let total = capture.exchanges.reduce(0) { $0 + $1.messages.count }
        print("Linux \(capture.kernel): \(count) of \(total) captured requests made from model values")
        #expect(count == total && total > 200)
    }

    /// The value that a captured message should be made from: that of the command line, or for the lists of real
    /// servers that a listing requests one by one, the virtual server in the message.
    private func request(for captured: [UInt8], of exchange: Capture.Exchange) throws -> Request? {
        switch Int(captured[0]) {
        case IPVS_CMD_GET_INFO: return .readInfo
        case IPVS_CMD_GET_DEST: return .readRealServers(try identity(in: captured))
        default: return IPVSAdmLine(exchange.command).request
        }
    }

    private func identity(in captured: [UInt8]) throws -> VirtualServer.Identity {
        let bytes = Array(captured.dropFirst(4))
        let place = try bytes.span.bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
        return try VirtualServer.decodeIdentity(bytes.span.bytes.extracting(place))
    }

    /// The request as ipvsadm pads it.
    private func padded(_ request: Request) -> [UInt8] {
        encode(command: request.command) { message in
            func service(_ id: VirtualServer.Identity) -> VirtualServer {
                VirtualServer(id, scheduler: Scheduler(rawValue: ""))
            }
            switch request {
            case .deleteVirtualServer(let id), .readVirtualServer(let id), .zeroCounters(let id?):
                message.putService(service(id))
            case .addRealServer(let server, let id), .updateRealServer(let server, let id):
                message.putService(service(id))
                message.putDestination(server)
            case .deleteRealServer(let endpoint, let id):
                message.putService(service(id))
                message.putDestination(RealServer(endpoint, forwarding: .directRouting))
            case .stopDaemon(let role):
                message.putDaemon(SyncDaemon(role, interface: ""))
            default:
                request.put(into: &message)
            }
        }
    }

    /// The one thing that no value gives: when it reads a service, ipvsadm pads with a netmask of 0.
    private func unmakeable(_ request: Request) -> Set<String> {
        guard case .readVirtualServer = request else { return [] }
        return ["1.\(IPVS_SVC_ATTR_NETMASK)"]
    }

    /// The attributes of ipvsadm's requests that the kernel doesn't use for the command.
    private func padding(of request: Request) -> Set<String> {
        let service = [
            IPVS_SVC_ATTR_SCHED_NAME, IPVS_SVC_ATTR_FLAGS, IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK,
        ].map { "\(IPVS_CMD_ATTR_SERVICE).\($0)" }
        let destination = [
            IPVS_DEST_ATTR_FWD_METHOD, IPVS_DEST_ATTR_WEIGHT, IPVS_DEST_ATTR_U_THRESH, IPVS_DEST_ATTR_L_THRESH,
            IPVS_DEST_ATTR_TUN_TYPE, IPVS_DEST_ATTR_TUN_PORT, IPVS_DEST_ATTR_TUN_FLAGS,
        ].map { "\(IPVS_CMD_ATTR_DEST).\($0)" }
        let daemon = [IPVS_DAEMON_ATTR_MCAST_IFN, IPVS_DAEMON_ATTR_SYNC_ID].map { "\(IPVS_CMD_ATTR_DAEMON).\($0)" }
        switch request {
        case .deleteVirtualServer, .readVirtualServer, .zeroCounters, .addRealServer, .updateRealServer:
            return Set(service)
        case .deleteRealServer: return Set(service + destination)
        case .stopDaemon: return Set(daemon)
        default: return []
        }
    }
}
