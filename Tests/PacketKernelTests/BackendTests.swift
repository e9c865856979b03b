import IPVS
import IPVSProxy
import IPVSTestKernel
import Testing

extension PacketKernelTests {
    /// Clients whose endpoint goes, or whose service comes.
    @Suite struct BackendChanges {
        let lab: PacketLab
        let node: LabNode
        private let families = [IPAddress.Family.ipv4, .ipv6]

        init() throws {
            lab = try PacketLab.shared.get()
            node = LabNode(lab: lab)
        }

        /// Runs a body with a proxier that has a service, and cleans up.
        private func withProxier(
            _ definition: ServiceDefinition,
            _ backends: [Backend],
            _ body: (Proxier, _ tell: ([Backend]) async throws -> Void) async throws -> Void
        ) async throws {
            let proxier = try node.proxier()
            let transports = definition.ports.values.map(\.transport)
            func slice(_ backends: [Backend]) -> EndpointSlice {
                let endpoints = backends.flatMap { backend in
                    backend.address.both.map { ServiceEndpoint(Endpoint($0, Backend.port), isLocal: backend.isLocal) }
                }
                return LabService.web.slice(transports, endpoints)
            }
            await proxier.onServiceAdd(definition)
            await proxier.onServiceSynced()
            await proxier.onEndpointSliceAdd(slice(backends))
            await proxier.onEndpointSliceSynced()
            try await proxier.syncWell()
            try await body(proxier) { backends in
                await proxier.onEndpointSliceAdd(slice(backends))
                try await proxier.syncWell()
            }
            try await proxier.cleanup()
        }

        /// The service `web` with a node port and other properties.
        private func web(
            _ transport: TransportProtocol,
            _ change: (inout ServicePort) -> Void = { _ in }
        ) -> ServiceDefinition {
            var definition = LabService.web.definition([transport])
            for name in definition.ports.keys {
                definition.ports[name]?.nodePort = LabService.web.nodePort
                definition.ports[name]?.loadBalancerIPs = LabService.web.loadBalancerIP.both
                if var port = definition.ports[name] {
                    change(&port)
                    definition.ports[name] = port
                }
            }
            return definition
        }

        private func backend(_ outcome: Outcome?) -> String? {
            if case .answered(let name, _) = outcome { return name }
            return nil
        }

        /// A client stays with its endpoint, and goes to another one when that is gone.
        @Test func sessionAffinityOutlivesItsEndpoint() async throws {
            try await withProxier(web(.tcp) { $0.sessionAffinity = .clientIP }, [.pod1, .pod3]) { _, tell in
                for family in families {
                    var request = Request(
                        transport: .tcp,
                        address: Backend.node.address[family],
                        port: LabService.web.nodePort
                    )
                    request.source = Place.stranger.address?[family]
                    let first = try request.outcomes(in: lab.stranger, atMost: 4)
                    let names = Set(first.map(backend))
                    #expect(names.count == 1 && names != [nil], "\(first)")
                    let other: Backend = names == ["pod1"] ? .pod3 : .pod1
                    try await tell([other])
                    let next = try request.outcomes(in: lab.stranger, atMost: 4)
                    #expect(next.allSatisfy { backend($0) == other.rawValue }, "\(next)")
                    try await tell([.pod1, .pod3])
                    let last = try request.outcomes(in: lab.stranger, atMost: 4)
                    #expect(last.allSatisfy { backend($0) == other.rawValue }, "\(last)")
                }
            }
        }

        /// A client that sends datagrams from the same port all the time does not stay with an endpoint that is gone.
        @Test func datagramsLeaveADeadEndpoint() async throws {
            try await withProxier(web(.udp), [.pod1, .pod3]) { _, tell in
                for family in families {
                    for (namespace, address, port) in [
                        (lab.stranger, Backend.node.address, LabService.web.nodePort),
                        (lab.pod2, LabService.web.clusterIP, LabService.port),
                    ] {
                        let request = Request(transport: .udp, address: address[family], port: port)
                        let client = try request.connect(in: namespace)
                        let first = client.ask()
                        #expect(client.ask() == first)
                        let other: Backend = backend(first) == "pod1" ? .pod3 : .pod1
                        try await tell([other])
                        // The kernel drops a datagram that comes before it has removed the old connection.
                        var next = client.ask(patience: Request.patienceWithSilence)
                        if next == .silence { next = client.ask() }
                        #expect(backend(next) == other.rawValue)
                        try await tell([.pod1, .pod3])
                        #expect(backend(client.ask()) == other.rawValue)
                    }
                }
            }
        }

        /// An endpoint that is to go gets no new connections, and keeps the old ones.
        @Test func openConnectionsStayWhereTheyAre() async throws {
            try await withProxier(web(.tcp), [.pod1, .pod3]) { _, tell in
                for family in families {
                    let request = Request(
                        transport: .tcp,
                        address: Backend.node.address[family],
                        port: LabService.web.nodePort
                    )
                    let connection = try request.connect(in: lab.stranger)
                    let first = connection.ask()
                    let other: Backend = backend(first) == "pod1" ? .pod3 : .pod1
                    try await tell([other])
                    let next = try request.outcomes(in: lab.stranger, atMost: 4)
                    #expect(next.allSatisfy { backend($0) == other.rawValue }, "\(next)")
                    #expect(connection.ask() == first && backend(first) != nil)
                    try await tell([.pod1, .pod3])
                }
            }
        }

        /// A client that has been sending before its service has endpoints, or is there at all, gets answers afterward.
        @Test(arguments: [false, true]) func datagramsThatCameTooEarly(serviceIsKnown: Bool) async throws {
            let definition = web(.udp)
            let proxier = try node.proxier()
            if serviceIsKnown { await proxier.onServiceAdd(definition) }
            await proxier.onServiceSynced()
            await proxier.onEndpointSliceSynced()
            try await proxier.syncWell()
            let clients = try families.flatMap { family in
                try [
                    (LabService.web.clusterIP[family], LabService.port),
                    (LabService.web.loadBalancerIP[family], LabService.port),
                    (Backend.node.address[family], LabService.web.nodePort),
                ].map { address, port in
                    try Request(transport: .udp, address: address, port: port).connect(in: lab.stranger)
                }
            }
            for client in clients { #expect(backend(client.ask(patience: Request.patienceWithSilence)) == nil) }
            await proxier.onServiceAdd(definition)
            let endpoints = Backend.pod3.address.both.map { ServiceEndpoint(Endpoint($0, Backend.port)) }
            await proxier.onEndpointSliceAdd(LabService.web.slice([.udp], endpoints))
            try await proxier.syncWell()
            for client in clients {
                // An error of an earlier datagram may be reported to the next call.
                let outcomes = [client.ask(patience: Request.patienceWithSilence), client.ask()]
                #expect(outcomes.contains { backend($0) == "pod3" }, "\(outcomes)")
            }
            try await proxier.cleanup()
        }

        /// Source ranges apply to connections that were begun before, too.
        @Test func rangesThatComeLater() async throws {
            try await withProxier(web(.tcp), [.pod1, .pod3]) { proxier, _ in
                for family in families {
                    var request = Request(
                        transport: .tcp,
                        address: LabService.web.loadBalancerIP[family],
                        port: LabService.port
                    )
                    request.source = Place.unwelcome.address?[family]
                    let connection = try request.connect(in: lab.stranger)
                    #expect(backend(connection.ask()) != nil)
                    let ranges = (Place.stranger.address?.both ?? []).map { IPAddress.Block($0) }
                    await proxier.onServiceAdd(web(.tcp) { $0.loadBalancerSourceRanges = ranges })
                    try await proxier.syncWell()
                    #expect(connection.ask(patience: Request.patienceWithSilence) == .silence)
                    request.source = Place.stranger.address?[family]
                    #expect(try backend(request.outcomes(in: lab.stranger).first) != nil)
                    await proxier.onServiceAdd(web(.tcp))
                    try await proxier.syncWell()
                }
            }
        }
    }
}
