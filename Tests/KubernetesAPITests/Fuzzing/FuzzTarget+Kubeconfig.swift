import Foundation
import IPVSFuzzing

@testable import KubernetesAPI

extension FuzzTarget {
    /// Kubeconfigs, except those with the paths of certificates and keys, as these files are read too.
    static let kubeconfig = FuzzTarget("kubeconfig") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let root = try reading { () throws(ClientConfigurationError) in try YAMLField(text, file: "config") }
        guard let root, !root.hasPaths else { return }
        let file = try NamelessFile(bytes)
        let kubeconfig = try reading { () throws(ClientConfigurationError) in try Kubeconfig(path: file.path) }
        guard let kubeconfig else { return }
        for name in [nil] + kubeconfig.contexts {
            let configuration = try reading { () throws(ClientConfigurationError) in
                try kubeconfig.configuration(context: name, environment: [:])
            }
            if let configuration { try check(configuration, text) }
        }
    }
}

/// What a reader returns; nil if it refuses something, for which it needs a sentence.
private func reading<Value>(_ read: () throws(ClientConfigurationError) -> Value) throws -> Value? {
    do throws(ClientConfigurationError) {
        return try read()
    } catch {
        try holdIsSentence(error.message)
        return nil
    }
}

extension YAMLField {
    private static let fieldsWithPaths: Set<String> = ["certificate-authority", "client-certificate", "client-key"]

    /// Whether a certificate or a key in it is in a file of its own.
    fileprivate var hasPaths: Bool {
        switch value {
        case .null, .string, .bool, .number: false
        case .sequence(let items): items.contains(where: \.hasPaths)
        case .mapping(let entries):
            entries.contains { Self.fieldsWithPaths.contains($0.key) || $0.value.hasPaths }
        }
    }
}

/// Addresses read again are the same, what a program learns is JSON, and no secret is shown.
private func check(_ configuration: ClientConfiguration, _ text: String) throws {
    let server = configuration.server
    try hold(try ServerURL("\(server)") == server, "\(server) is another server when it is read again")
    if let proxy = configuration.proxy {
        let other = try ProxyURL("\(proxy)")
        try hold(
            (other.kind, other.host, other.port) == (proxy.kind, proxy.host, proxy.port),
            "\(proxy) is another proxy when it is read again"
        )
    }
    switch configuration.authenticator {
    case .token(let secret), .basic(_, let secret), .tokenFile(_, let secret?):
        try holdIsHidden(secret, in: configuration, text)
    case .exec(let plugin):
        for secret in plugin.arguments + plugin.environment.values {
            try holdIsHidden(secret, in: configuration, text)
        }
        if let extra = plugin.clusterInfo?.extra { try holdIsJSON(extra.text) }
    case .none, .tokenFile: break
    }
}

/// Throws a failure if the description of a configuration has a secret of it.
private func holdIsHidden(_ secret: Secret, in configuration: ClientConfiguration, _ text: String) throws {
    // A short one can be a part of other words, and one that is there twice can be a name too.
    guard secret.bytes.count >= 16, text.split(separator: secret.text, maxSplits: 2).count == 2 else { return }
    try hold(!"\(configuration)".contains(secret.text), "the description has a secret: \(configuration)")
}

private func holdIsJSON(_ text: String) throws {
    do {
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    } catch {
        // Foundation reads no more than 512 levels.
        let levels = text.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        try hold(levels >= 510, "an extension is not JSON: \(text)")
    }
}
