import ArgumentParser
import Common
import IPVS

/// Takes a real server out of service once its connections have ended.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Take a real server out of service without breaking its connections.",
        discussion: """
            It gets a weight of 0, and therefore no new connections. It is deleted when it has no connections left, \
            or when the timeout expires. A TCP connection counts for about two minutes after its end. Ctrl-C \
            restores the weight. Exit status: 0 if the real server was deleted, 1 if not.

            Several drains can be in progress at the same time, but apply and -R wait for their end.

            Examples:
              ipvsctl drain tcp:10.96.0.1:80 10.244.1.5:8080
              ipvsctl drain "UDP [fd00::1]:53" "[fd00:1::5]:53" --timeout 30s
              ipvsctl drain fwm:7 10.244.1.5:0 --timeout 1h --interval 10s
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The virtual server: tcp:10.96.0.1:80, udp:[fd00::1]:53, fwm:7 or fwm:7:ipv6.",
            discussion: "Or as other commands print it, with a space: \"TCP 10.96.0.1:80\"."
        ),
        transform: VirtualServer.Identity.init(argument:)
    )
    var service: VirtualServer.Identity

    @Argument(
        help: ArgumentHelp("The real server: 10.244.1.5:8080 or [fd00:1::5]:8080.", valueName: "real-server"),
        transform: Endpoint.init(argument:)
    )
    var real: Endpoint

    @Option(
        help: ArgumentHelp("How long connections may last: 90, 30s, 5m, 1h. (default: 5m)", valueName: "time"),
        transform: Duration.init(argument:)
    )
    var timeout = Duration.seconds(300)

    @Option(
        help: ArgumentHelp("The time between two checks. (default: 1s)", valueName: "time"),
        transform: Duration.init(argument:)
    )
    var interval = Duration.seconds(1)

    @OptionGroup var lock: LockOption

    @OptionGroup var namespace: NamespaceOption

    func run() async throws {
        let draining = Draining([Drain.Target(real, of: service)], timeout: timeout, interval: interval)
        let handle = try namespace.open()
        // Applying a file meanwhile would give it its weight again. Other drains don't disturb this one.
        let lock = try handle.lockTable(.shared, waiting: lock.wait) { Console.fail($0) }
        defer { lock.release() }
        if try await draining.run(with: handle).failed > 0 { throw ExitCode(1) }
    }
}

extension VirtualServer.Identity {
    /// Reads the text form of a virtual server, also with colons instead of spaces, which need no quotes in a shell.
    init(argument: String) throws(ValidationError) {
        var text = argument
        if !text.contains(" "), let colon = text.firstIndex(of: ":") {
            let isMark = text[..<colon].lowercased() == "fwm"
            text = isMark ? text.replacing(":", with: " ") : text.replacing(":", with: " ", maxReplacements: 1)
        }
        guard let id = Self(text) else {
            let hint = argument.zoneHint + Self.hint(text) + text.portHint
            throw ValidationError(
                "it is not a virtual server, such as tcp:10.96.0.1:80, udp:[fd00::1]:53 or fwm:7\(hint)"
            )
        }
        self = id
    }

    /// A part of a sentence about the first word of an invalid text, or an invalid mark; empty if they are right.
    private static func hint(_ text: String) -> String {
        let words = text.lowercased().split(separator: " ", maxSplits: 2)
        guard words.count > 1 else { return "" }
        switch words[0] {
        case "tcp", "udp", "sctp": return ""
        case "fwm" where (UInt32(words[1]) ?? 0) > 0: return ""
        case "fwm": return "; a firewall mark is a number from 1 to 4294967295"
        default: return "; the protocol is tcp, udp or sctp"
        }
    }
}

extension String {
    /// A part of a sentence if the text ends with a number that is not a port; otherwise empty.
    fileprivate var portHint: String {
        guard let colon = lastIndex(of: ":") else { return "" }
        let port = String(self[colon...].dropFirst())
        let digits = port.hasPrefix("-") ? String(port.dropFirst()) : port
        guard !digits.isEmpty, digits.hasOnlyDigits, UInt16(port) == nil else { return "" }
        return "; \(port.abbreviated) is not a port, which is a number from 0 to 65535"
    }
}

extension Endpoint {
    init(argument: String) throws(ValidationError) {
        guard let endpoint = Self(argument) else {
            let hint = argument.zoneHint + argument.portHint
            throw ValidationError("it is not an address and port, such as 10.244.1.5:8080 or [fd00::1]:443\(hint)")
        }
        self = endpoint
    }
}
