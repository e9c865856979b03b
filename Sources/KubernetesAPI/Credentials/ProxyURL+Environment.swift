import FoundationEssentials

extension ProxyURL {
    /// The proxy that environment variables name for a server; nil if it is reached without one.
    ///
    /// As in Go, `HTTPS_PROXY`, or `HTTP_PROXY` for a server without TLS, names it, and `NO_PROXY` has the exceptions. Lower case
    /// works too. This machine itself is never reached through a proxy.
    static func environment(
        _ environment: [String: String]?,
        for server: ServerURL
    ) throws(ClientConfigurationError) -> ProxyURL? {
        let environment = environment ?? ProcessInfo.processInfo.environment
        func variable(_ name: String) -> (name: String, text: String)? {
            for name in [name, name.lowercased()] {
                if let text = environment[name], !text.isEmpty { return (name, text) }
            }
            return nil
        }
        guard let (name, text) = variable(server.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"),
            !ProxyExceptions(variable("NO_PROXY")?.text ?? "").include(server)
        else { return nil }
        do {
            return try ProxyURL(text.contains("://") ? text : "http://\(text)")
        } catch {
            throw ClientConfigurationError("the environment variable \(name): \(error)")
        }
    }
}

/// The servers that are reached without a proxy.
struct ProxyExceptions {
    private let items: [String]

    /// The exceptions that `NO_PROXY` lists: addresses, blocks of addresses, domains with their subdomains, subdomains alone with
    /// a dot before them, each with or without a port, and `*`.
    init(_ text: String) {
        items = text.lowercased().split(separator: ",").map { $0.split(separator: " ").joined() }.filter { !$0.isEmpty }
    }

    func include(_ server: ServerURL) -> Bool {
        let host = server.host.lowercased()
        let address = ServerIdentity(host).address
        if host == "localhost" || address.map(Self.isLoopback) ?? false { return true }
        return items.contains { Self.includes($0, host, address, port: server.port) }
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    private static func includes(_ item: String, _ host: String, _ address: [UInt8]?, port: Int) -> Bool {
        if item == "*" { return true }
        if let slash = item.lastIndex(of: "/") {
            guard let block = ServerIdentity(String(item[..<slash])).address, let address, block.count == address.count,
                let length = Int(item[item.index(after: slash)...]), (0...block.count * 8).contains(length)
            else { return false }
            return Self.bits(block).prefix(length) == Self.bits(address).prefix(length)
        }
        let (name, wantedPort) = split(item)
        if let wantedPort, wantedPort != port { return false }
        if let other = ServerIdentity(name).address { return other == address }
        if name.hasPrefix("*.") { return host.hasSuffix(name.dropFirst()) }
        return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix("." + name)
    }

    /// The name or address of an exception, and its port.
    private static func split(_ item: String) -> (name: String, port: Int?) {
        var (name, port) = (item[...], Int?.none)
        if let colon = item.lastIndex(of: ":"), item.hasPrefix("[") || item.firstIndex(of: ":") == colon,
            let number = Int(item[item.index(after: colon)...])
        {
            (name, port) = (item[..<colon], number)
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        return (String(name), port)
    }

    private static func bits(_ address: [UInt8]) -> [Bool] {
        address.flatMap { byte in (0..<8).map { byte & 0x80 >> $0 != 0 } }
    }
}
