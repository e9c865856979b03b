import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import IPVSProxyNFTables
import Logging

/// The steps, one after the other, on similar services.
struct Bench {
    let options: Options
    let clock = ContinuousClock()

    init(_ options: Options) { self.options = options }

    func run() async throws {
        try await step("bind") { try await once { try bind() } }
        var proxier = try proxier(period: .seconds(3600))
        try await step("told") { try await once { await tell(proxier) } }
        try await step("first") {
            try await once {
                let report = try await proxier.sync()
                try expect(report?.changes == options.services * (1 + options.realServers), report)
            }
        }
        try await step("one") { try await changes(of: 1, runs: options.runs, proxier) }
        try await step("percent") {
            try await changes(of: options.services / 100, runs: options.runs / 20, proxier)
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let memory = usage.ru_maxrss
        proxier = try self.proxier(period: .zero)
        await tell(proxier)
        try await step("restart") {
            try await once {
                let report = try await proxier.sync()
                try expect(report?.changes == 0 && report?.bound == 0, report)
            }
        }
        try await step("period") {
            try await median(of: options.runs / 20) { _ in
                let report = try await proxier.sync()
                try expect(report?.kind == .full && report?.changes == 0, report)
            }
        }
        Main.print("memory \(memory)", to: STDOUT_FILENO)
    }

    /// Binds the addresses of all services to an interface, and then removes it.
    private func bind() throws {
        let binder = try AddressBinder(interface: "bench0", method: options.binding)
        let outcome = try binder.bind((0..<options.services).map(address))
        guard outcome.changed == options.services, try binder.removeInterface() else {
            throw Problem(description: "not all addresses were bound")
        }
    }

    private func proxier(period: Duration) throws -> Proxier {
        var configuration = Proxier.Configuration()
        configuration.bindingMethod = options.binding
        (configuration.minSyncPeriod, configuration.syncPeriod) = (.zero, period)
        let pods = IPAddress.Block(containing: IPAddress(11, 0, 0, 0), prefixLength: 8)
        configuration.packetRules.pods = .sources(pods.map { [$0] } ?? [])
        return try Proxier(
            configuration,
            packetFilter: options.hasRules ? NFTables() : nil,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs a step and prints its time.
    private func step(_ name: String, _ body: () async throws -> Duration) async throws {
        Main.print("step \(name)", to: STDERR_FILENO)
        let time = try await body()
        let (seconds, attoseconds) = time.components
        Main.print("\(name) \(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)", to: STDOUT_FILENO)
    }

    private func once(_ body: () async throws -> Void) async throws -> Duration {
        let begin = clock.now
        try await body()
        return begin.duration(to: clock.now)
    }

    private func median(of runs: Int, _ body: (Int) async throws -> Void) async throws -> Duration {
        var times: [Duration] = []
        for run in 0..<runs { times.append(try await once { try await body(run) }) }
        return times.sorted()[runs / 2]
    }

    private func tell(_ proxier: Proxier) async {
        for number in 0..<options.services {
            await proxier.onServiceAdd(service(number))
            await proxier.onEndpointSliceAdd(slice(number, endpoints: options.realServers))
        }
        await proxier.onServiceSynced()
        await proxier.onEndpointSliceSynced()
    }

    /// Adds an endpoint to a number of services in one run, and removes it in the next. Each pair of runs uses other
    /// services.
    private func changes(of count: Int, runs: Int, _ proxier: Proxier) async throws -> Duration {
        var times: [Duration] = []
        // In pairs, so that all services are unchanged at the end.
        for run in 0..<runs / 2 * 2 {
            let isAdded = run % 2 == 0
            for number in 0..<count {
                let place = (run / 2 * count + number) % options.services
                await proxier.onEndpointSliceAdd(slice(place, endpoints: options.realServers + (isAdded ? 1 : 0)))
            }
            times.append(
                try await once {
                    let report = try await proxier.sync()
                    // A real server that is removed gets a weight of 0 first.
                    let expected = isAdded ? (count, 0) : (count, count)
                    try expect(report?.kind == .changes && report?.changes == expected.0, report)
                    try expect(report?.drained == expected.1, report)
                }
            )
        }
        return times.sorted()[times.count / 2]
    }

    private func expect(_ condition: Bool, _ report: SyncReport?) throws {
        guard condition else { throw Problem(description: "a sync did something else: \(String(describing: report))") }
    }
}

// MARK: - Reported objects

extension Bench {
    private func name(_ number: Int) -> NamespacedName { NamespacedName("default", "service-\(number)") }

    private func address(_ number: Int) -> IPAddress {
        IPAddress(10, 96, UInt8(number >> 8), UInt8(number & 0xff))
    }

    private func service(_ number: Int) -> ServiceDefinition {
        ServiceDefinition(name(number), ports: ["http": ServicePort(.tcp, 80, clusterIPs: [address(number)])])
    }

    private func slice(_ number: Int, endpoints: Int) -> EndpointSlice {
        let endpoints = (0..<endpoints).map { place in
            let pod = number * 128 + place
            let address = IPAddress(11, UInt8(pod >> 16 & 0xff), UInt8(pod >> 8 & 0xff), UInt8(pod & 0xff))
            // One endpoint of each service is on this node, and so is the one that comes and goes.
            let isLocal = place == 0 || place == options.realServers
            return ServiceEndpoint(Endpoint(address, 8080), isLocal: isLocal)
        }
        return EndpointSlice(name(number), of: name(number), endpoints: ["http": endpoints])
    }
}
