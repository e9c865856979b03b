import Foundation
import IPVS
import IPVSProxy
import IPVSTestKernel
import Synchronization
import Testing

extension PacketKernelTests {
    /// All endpoints of services are replaced, one after the other, while clients send requests.
    @Suite struct RollingReplacement {
        let lab: PacketLab
        let node: LabNode
        /// These serve only a few ports, which is faster.
        private let servers = Servers()
        private let services = [LabService.web, .open, .local]

        init() throws {
            lab = try PacketLab.shared.get()
            node = LabNode(lab: lab)
        }

        /// A client that sends one request after the other, each with a connection of its own.
        fileprivate struct Client: Sendable {
            let namespace: TestNamespace
            let request: Request
            let backends: Set<String>
            let sources: Set<IPAddress>
        }

        /// How many requests each client has had an outcome of.
        fileprivate final class Progress: Sendable {
            let goal: Int
            private let counts: Mutex<[Int]>

            init(clients: Int, goal: Int) {
                self.goal = goal
                counts = Mutex(Array(repeating: 0, count: clients))
            }

            var isComplete: Bool { current.allSatisfy { $0 >= goal } }
            var current: [Int] { counts.withLock { $0 } }

            func report(_ client: Int, _ count: Int) { counts.withLock { $0[client] = count } }

            /// Whether no request is under way any more that was under way at an earlier time. The number of all outcomes would
            /// not do: a client can wait for the processor while the others get many answers.
            func hasMoved(since earlier: [Int]) -> Bool {
                zip(current, earlier).allSatisfy { $0 > $1 || $0 >= goal }
            }
        }

        /// Clients of each way that connections take: masqueraded or not, and sent to a cluster IP.
        private func clients() -> [Client] {
            func client(
                _ namespace: TestNamespace,
                _ address: IPAddress,
                _ port: UInt16,
                _ sources: Set<IPAddress>,
                _ backends: Set<String> = ["pod1", "pod3"]
            ) -> Client {
                var request = Request(transport: .tcp, address: address, port: port)
                // Shorter than the time after which the kernel tries to connect again.
                request.patience = 950
                // The stranger has several addresses.
                if namespace === lab.stranger { request.source = Place.stranger.address?[address.family] }
                return Client(namespace: namespace, request: request, backends: backends, sources: sources)
            }
            let (stranger, pod) = (Place.stranger.address, Place.pod2.address)
            return [
                client(lab.stranger, Backend.node.address.ipv4, LabService.open.nodePort, Place.nodeAddresses),
                client(lab.stranger, LabService.local.loadBalancerIP.ipv6, 80, Set(stranger?.both ?? []), ["pod1"]),
                client(lab.pod2, LabService.web.clusterIP.ipv6, 80, Set(pod?.both ?? [])),
                client(lab.pod2, LabService.local.externalIP.ipv4, 80, Set(pod?.both ?? [])),
                client(lab.node, LabService.open.clusterIP.ipv4, 80, Place.nodeAddresses),
            ]
        }

        private func endpoints(_ places: [(Backend, UInt16)]) -> [ServiceEndpoint] {
            places.flatMap { backend, port in
                backend.address.both.map { ServiceEndpoint(Endpoint($0, port), isLocal: backend.isLocal) }
            }
        }

        @Test func noRequestFails() async throws {
            let proxier = try node.proxier { $0.minSyncPeriod = .milliseconds(10) }
            await proxier.tell([.tcp], services)
            let run = Task { try await proxier.run() }
            defer { run.cancel() }
            try await waitForTable([(.pod1, Backend.port), (.pod3, Backend.port)])

            let clients = clients()
            let progress = Progress(clients: clients.count, goal: Endurance.requests / clients.count)
            let wrong = Mutex<[String]>([])
            let late = Mutex(0)
            let work = Task.detached {
                try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                    Thread.detachNewThread {
                        continuation.resume(
                            with: Result {
                                try inParallel(clients.count) { number in
                                    let client = clients[number]
                                    // Nobody waits for a client that has ended, whatever ended it.
                                    defer { progress.report(number, progress.goal) }
                                    let outcomes = try client.request.outcomes(
                                        in: client.namespace,
                                        atMost: progress.goal
                                    ) {
                                        progress.report(number, $0.count)
                                        return false
                                    }
                                    for outcome in outcomes where !client.accepts(outcome) {
                                        guard outcome != .silence else {
                                            late.withLock { $0 += 1 }
                                            continue
                                        }
                                        wrong.withLock { $0.append("\(client.request.address): \(outcome)") }
                                    }
                                }
                            }
                        )
                    }
                }
            }
            var replaced = 0
            var ports: [Backend: UInt16] = [.pod1: Backend.port, .pod3: Backend.port]
            while !progress.isComplete {
                let backend = replaced.isMultiple(of: 2) ? Backend.pod1 : .pod3
                try await replace(backend, &ports, proxier, progress)
                replaced += 1
            }
            try await work.value
            print(
                "\(Endurance.requests) requests while \(replaced) endpoints were replaced; wrong: \(wrong.withLock { $0.count }), "
                    + "not answered in time: \(late.withLock { $0 })"
            )
            let failures = Dictionary(grouping: wrong.withLock { $0 }) { $0 }.mapValues(\.count)
            #expect(failures.isEmpty, "\(failures)")
            // A machine that is emulated and busy can stop for a second. A packet that each replacement loses is another thing.
            #expect(late.withLock { $0 } < replaced)
            #expect(replaced >= 6)
            run.cancel()
            _ = try? await run.value
            try await proxier.cleanup()
        }

        /// Replaces an endpoint by another one: the new one comes first, and the old one ends when it gets no connections any
        /// more.
        private func replace(
            _ backend: Backend,
            _ ports: inout [Backend: UInt16],
            _ proxier: Proxier,
            _ progress: Progress
        ) async throws {
            let old = try #require(ports[backend])
            let new = old == 8_999 ? 8_081 : old + 1
            for family in [IPAddress.Family.ipv4, .ipv6] { try lab.listen(backend, .tcp, family, port: new, servers) }
            try await tell(proxier, ports.map { ($0, $1) } + [(backend, new)])
            ports[backend] = new
            try await tell(proxier, ports.map { ($0, $1) })
            // Connections that were sent to the old one just before are still to arrive there.
            let before = progress.current
            try await trying { progress.hasMoved(since: before) }
            if old != Backend.port { servers.close(backend.rawValue, port: old) }
        }

        /// Reports endpoints, and waits until they are served.
        private func tell(_ proxier: Proxier, _ places: [(Backend, UInt16)]) async throws {
            for service in services { await proxier.onEndpointSliceAdd(service.slice([.tcp], endpoints(places))) }
            try await waitForTable(places)
        }

        private func waitForTable(_ places: [(Backend, UInt16)]) async throws {
            let wanted = Set(places.flatMap { backend, port in backend.address.both.map { Endpoint($0, port) } })
            try await trying {
                let table = try lab.node.table()
                let serving = table.mapValues { Set($0.filter { $0.weight > 0 }.map(\.endpoint)) }
                // Only those of the local policy have less.
                return Set(serving.values.joined()) == wanted
                    && serving.values.allSatisfy { endpoints in
                        endpoints.allSatisfy(wanted.contains) && !endpoints.isEmpty
                    }
            }
        }
    }
}

extension PacketKernelTests.RollingReplacement.Client {
    fileprivate func accepts(_ outcome: Outcome) -> Bool {
        guard case .answered(let name, let source) = outcome, let source = IPAddress(source) else { return false }
        return backends.contains(name) && sources.contains(source)
    }
}

/// Waits until a condition holds; after a long time without it, the test fails.
func trying(until condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}
