internal import Foundation
internal import NIOConcurrencyHelpers

/// Makes certificates with the program `openssl`.
final class CertificateAuthority: Sendable {
    /// A certificate and its key, as PEM.
    struct Identity: Sendable {
        let certificate: String
        let key: String
    }

    /// A certificate authority that all servers of this process share, since starting a program is slow in some kernels.
    static let shared = Result { try CertificateAuthority(name: "test-ca") }

    /// Another certificate authority, which clients don't trust.
    static let other = Result { try CertificateAuthority(name: "other-ca") }

    let certificate: String
    private let key: String
    private let made = NIOLockedValueBox<[[String]: Identity]>([:])

    private init(name: String) throws {
        let identity = try Self.withFolder { folder in
            try Self.openssl(
                ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-keyout", "key", "-out", "cert"] + Self.newKey,
                in: folder
            )
            return try Identity(in: folder)
        }
        certificate = identity.certificate
        key = identity.key
    }

    /// A certificate for a server with names and addresses.
    func server(names: [String], isExpired: Bool = false) throws -> Identity {
        let alternatives = names.map { name in
            let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
            return (isAddress ? "IP:" : "DNS:") + name
        }
        return try issue(
            subject: "/CN=kube-apiserver",
            extensions: [
                "basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth",
                "subjectAltName=" + alternatives.joined(separator: ","),
            ],
            days: isExpired ? "-1" : "30"
        )
    }

    /// A certificate for a user.
    func client(user: String) throws -> Identity {
        try issue(
            subject: "/CN=" + user.replacing("/", with: "\\/"),
            extensions: ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth"],
            days: "30"
        )
    }

    private func issue(subject: String, extensions: [String], days: String) throws -> Identity {
        let request = [subject, days] + extensions
        if let identity = made.withLockedValue({ $0[request] }) { return identity }
        let identity = try Self.withFolder { folder in
            try certificate.write(to: folder.appending(path: "ca"), atomically: false, encoding: .utf8)
            try key.write(to: folder.appending(path: "ca-key"), atomically: false, encoding: .utf8)
            try Self.openssl(
                ["req", "-subj", subject, "-keyout", "key", "-out", "request"] + Self.newKey
                    + extensions.flatMap { ["-addext", $0] },
                in: folder
            )
            // Only this command makes certificates that have expired.
            try Self.openssl(
                ["x509", "-req", "-in", "request", "-CA", "ca", "-CAkey", "ca-key", "-CAcreateserial"]
                    + ["-copy_extensions", "copy", "-days", days, "-out", "cert"],
                in: folder
            )
            return try Identity(in: folder)
        }
        made.withLockedValue { $0[request] = identity }
        return identity
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private static func withFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "kubernetes-test-server-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private static func openssl(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw KubernetesTestServer.Failure("openssl \(arguments.joined(separator: " ")) failed: \(text)")
        }
    }
}

extension CertificateAuthority.Identity {
    fileprivate init(in folder: URL) throws {
        certificate = try String(contentsOf: folder.appending(path: "cert"), encoding: .utf8)
        key = try String(contentsOf: folder.appending(path: "key"), encoding: .utf8)
    }
}
