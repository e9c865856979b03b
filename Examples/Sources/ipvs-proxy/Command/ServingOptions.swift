import ArgumentParser
import IPVS

/// The options of the addresses on which HTTP is served.
struct ServingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The node's main address, instead of that of its Node object.", valueName: "address"),
        transform: IPAddress.init(configured:)
    )
    var bindAddress: IPAddress?

    @Flag(help: "End the program if an address of --healthz-bind-address or --metrics-bind-address can't be used.")
    var bindAddressHardFail = false

    @Option(
        name: [.customLong("healthz-bind-address"), .customLong("healthz-address")],
        help: ArgumentHelp(
            "The address on which to serve /healthz, /livez and /readyz over HTTP, or none. (default: 0.0.0.0:10256)",
            valueName: "address:port"
        ),
        transform: ServingAddress.withoutPort(argument:)
    )
    var healthzAddress: ServingAddress.Argument?

    @Option(
        name: [.customLong("metrics-bind-address"), .customLong("metrics-address")],
        help: ArgumentHelp(
            "The address on which to serve /metrics over HTTP, or none. (default: 127.0.0.1:10249)",
            valueName: "address:port"
        ),
        transform: ServingAddress.withoutPort(argument:)
    )
    var metricsAddress: ServingAddress.Argument?

    @Option(
        help: ArgumentHelp(
            "The port of an address without one in --healthz-bind-address; 0 is none.",
            valueName: "port"
        ),
        transform: WholeNumber.reader(0...65_535)
    )
    var healthzPort: WholeNumber?

    @Option(
        help: ArgumentHelp(
            "The port of an address without one in --metrics-bind-address; 0 is none.",
            valueName: "port"
        ),
        transform: WholeNumber.reader(0...65_535)
    )
    var metricsPort: WholeNumber?

    /// Puts the options into a configuration.
    func apply(to configuration: inout KubeProxyConfiguration) {
        if let bindAddress { configuration.bindAddress = bindAddress }
        if bindAddressHardFail { configuration.bindAddressHardFail = true }
        configuration.healthzBindAddress = Self.address(
            healthzAddress,
            healthzPort,
            configuration.healthzBindAddress,
            ServingAddress.healthzPort
        )
        configuration.metricsBindAddress = Self.address(
            metricsAddress,
            metricsPort,
            configuration.metricsBindAddress,
            ServingAddress.metricsPort
        )
    }

    /// An address with the port that is given apart, unless it has one of its own.
    private static func address(
        _ argument: ServingAddress.Argument?,
        _ port: WholeNumber?,
        _ otherwise: ServingAddress,
        _ defaultPort: UInt16
    ) -> ServingAddress {
        let port = port.map { UInt16(clamping: $0.value) }
        guard port != 0 else { return ServingAddress(nil) }
        switch argument {
        case nil:
            return ServingAddress(
                port.flatMap { port in otherwise.endpoint.map { Endpoint($0.address, port) } } ?? otherwise.endpoint
            )
        case .whole(let address): return address
        case .address(let address): return ServingAddress(Endpoint(address, port ?? defaultPort))
        }
    }
}

extension ServingAddress {
    /// An address on the command line, whose port can be another option.
    enum Argument: Sendable {
        case whole(ServingAddress)
        case address(IPAddress)
    }

    static func withoutPort(argument: String) throws(ValidationError) -> Argument {
        if let address = IPAddress(argument) { return .address(address) }
        return .whole(try ServingAddress(argument: argument, port: 0))
    }
}
