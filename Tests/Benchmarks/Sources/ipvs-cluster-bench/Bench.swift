import CoreMetrics
import Foundation
import IPVS
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import KubernetesTestServer
import Logging

/// The steps, one after the other.
struct Bench {
    private let options: Options
    private let signal = SyncSignal()
    private let proxier: Proxier
    private let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    init(_ options: Options) throws {
        self.options = options
        var configuration = Proxier.Configuration()
        configuration.minSyncPeriod = .zero
        configuration.syncPeriod = .seconds(3600)
        proxier = try Proxier(configuration, logger: logger, metrics: signal)
    }

    func run() async throws {
        if options.isFromMemory { try await fromMemory() } else { try await fromServer() }
    }

    /// Reports all objects to the proxier, and syncs.
    private func fromMemory() async throws {
        let reader = ObjectReader(node: "node-1")
        let decoder = JSONDecoder()
        var services: [ServiceDefinition] = []
        var slices: [EndpointSlice] = []
        for index in 0..<options.services {
            func bytes(_ object: JSON) -> Data { Data(object.text.utf8) }
            let service = try decoder.decode(CoreV1.Service.self, from: bytes(SampleObjects.service(index)))
            let sample = SampleObjects.endpointSlice(index, endpoints: options.endpoints)
            let slice = try decoder.decode(DiscoveryV1.EndpointSlice.self, from: bytes(sample))
            guard let service = reader.service(service).value, let slice = reader.slice(slice).value else {
                throw Problem("a sample is not served")
            }
            services.append(service)
            slices.append(slice.slice)
        }
        let begin = ContinuousClock.now
        for service in services { await proxier.onServiceAdd(service) }
        await proxier.onServiceSynced()
        for slice in slices { await proxier.onEndpointSliceAdd(slice) }
        await proxier.onEndpointSliceSynced()
        try await proxier.sync()
        report("start", begin.duration(to: .now))
        try checkTable()
    }

    private func fromServer() async throws {
        let server = try ServerProcess(options)
        let configuration = try Kubeconfig(path: server.kubeconfig).configuration()
        var ends = signal.ends.makeAsyncIterator()
        let begin = ContinuousClock.now
        let client = APIClient(configuration, userAgent: "bench", logger: logger, metrics: NOOPMetricsHandler.instance)
        var informers = InformerOptions()
        informers.prefersStreamingLists = options.prefersStreamingLists
        let feed = ClusterFeed(from: client, to: proxier, node: "node-1", informers: informers, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await proxier.run() }
            group.addTask { try await feed.run() }
            guard let end = await ends.next() else { return }
            report("start", begin.duration(to: end))
            try checkTable()
            var times: [Duration] = []
            for number in 1...options.changes {
                let service = number % options.services
                let begin = ContinuousClock.now
                // Each of the samples has four generations.
                try server.change(service, generation: 1 + number / options.services % 3)
                guard let end = await ends.next() else { return }
                times.append(begin.duration(to: end))
                // The watch is idle before the next one.
                try await Task.sleep(for: .milliseconds(2))
            }
            times.sort()
            report("p50", times[times.count / 2])
            report("p99", times[times.count * 99 / 100])
            try await flood(server, &ends)
            group.cancelAll()
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        Main.print("memory \(usage.ru_maxrss / 1024)")
        await client.shutdown()
        try server.end()
    }

    /// Measures how many changes per second are followed until the kernel has the last one.
    private func flood(_ server: ServerProcess, _ ends: inout AsyncStream<ContinuousClock.Instant>.Iterator)
        async throws
    {
        let handle = try Handle()
        let service = SampleObjects.service(options.services - 1)
        guard let address = service["spec"]?["clusterIP"]?.string.flatMap(IPAddress.init) else {
            throw Problem("a sample has no address")
        }
        let last = VirtualServer.Identity.tcp(address, 80)
        let begin = ContinuousClock.now
        try server.flood(options.flood)
        while let end = await ends.next() {
            guard try handle.realServers(of: last).isEmpty else { continue }
            let seconds = begin.duration(to: end) / .seconds(1)
            Main.print("events \((Double(options.flood) / seconds).rounded())")
            return
        }
    }

    private func report(_ name: String, _ time: Duration) {
        Main.print("\(name) \(((time / .milliseconds(1)) * 100).rounded() / 100)")
    }

    /// Checks that the first sync has written all services and endpoints.
    private func checkTable() throws {
        let table = try Handle().table()
        let realServers = table.sortedEntries().reduce(0) { $0 + $1.realServers.count }
        guard table.count == options.services, realServers == options.services * options.endpoints else {
            throw Problem("the table has \(table.count) virtual servers and \(realServers) real servers")
        }
    }
}
