import VisibleText

extension YAMLField {
    /// The program that the field `exec` of a user has.
    func execPlugin(
        _ configuration: ClientConfiguration,
        _ cluster: YAMLField
    ) throws(ClientConfigurationError) -> ExecPlugin {
        guard let command = try text("command") else { throw error("has no command") }
        guard let version = try field("apiVersion") else { throw error("has no apiVersion") }
        let prefix = "client.authentication.k8s.io/"
        let versionText = try version.string()
        guard ["v1", "v1beta1"].map({ prefix + $0 }).contains(versionText) else {
            throw version.error("must be \(prefix)v1 or \(prefix)v1beta1")
        }
        // A name without a slash is looked for in PATH.
        var plugin = ExecPlugin(
            version: String(versionText.dropFirst(prefix.count)),
            command: command.contains("/") ? resolved(command) : command
        )
        plugin.arguments = try texts("args").map { Secret($0) }
        for variable in try list("env") {
            guard let name = try variable.text("name") else { throw variable.error("has no name") }
            guard !name.contains("=") else { throw variable.error("has a name with =") }
            plugin.environment[name] = Secret(try variable.field("value")?.string() ?? "")
        }
        plugin.interactiveMode = try interactiveMode(version: plugin.version)
        plugin.installHint = try text("installHint") ?? ""
        if try flag("provideClusterInfo") {
            plugin.clusterInfo = .init(
                server: configuration.server,
                tlsServerName: configuration.tlsServerName,
                isInsecure: configuration.isInsecure,
                certificateAuthority: configuration.certificateAuthority,
                proxy: try cluster.text("proxy-url").map { Secret($0) },
                extra: try cluster.execExtension()
            )
        }
        return plugin
    }

    private func interactiveMode(version: String) throws(ClientConfigurationError) -> ExecPlugin.InteractiveMode {
        guard let field = try field("interactiveMode") else {
            guard version == "v1beta1" else { throw error("has no interactiveMode, which v1 requires") }
            return .ifAvailable
        }
        guard let mode = ExecPlugin.InteractiveMode(rawValue: try field.string()) else {
            throw field.error("must be Never, IfAvailable or Always")
        }
        return mode
    }

    /// What a cluster has for programs that print credentials, as JSON.
    private func execExtension() throws(ClientConfigurationError) -> Secret? {
        for item in try list("extensions") where try item.text("name") == "client.authentication.k8s.io/exec" {
            return try item.field("extension").map { Secret($0.json) }
        }
        return nil
    }

    /// The value as JSON.
    private var json: String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): JSONText.number(text)
        case .string(let text): JSONText.quoted(text)
        case .sequence(let items): "[\(items.map(\.json).joined(separator: ","))]"
        case .mapping(let entries):
            "{\(entries.map { "\(JSONText.quoted($0.key)):\($0.value.json)" }.joined(separator: ","))}"
        }
    }
}

/// JSON as text.
enum JSONText {
    /// A number of YAML, which has more forms of them than JSON.
    static func number(_ text: String) -> String {
        if let number = Int(text) { return "\(number)" }
        if let number = Double(text), number.isFinite { return "\(number)" }
        return quoted(text)
    }

    /// A text as a string of JSON.
    static func quoted(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": json += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
