import FoundationEssentials
import Glibc
import VisibleText

/// What a program that prints credentials has printed.
struct ExecCredentials: Equatable, Sendable {
    var token: Secret?
    var certificate: Secret?
    var key: Secret?
    var expiration: Date?
}

extension ExecPlugin {
    /// Runs the program. It blocks the thread until the program has ended.
    func run(inherited: [String: String]) throws(ClientConfigurationError) -> ExecCredentials {
        let isTerminal = isatty(STDIN_FILENO) != 0
        let isInteractive = interactiveMode != .never && isTerminal
        guard interactiveMode != .always || isTerminal else {
            throw failure("it needs a terminal as standard input (interactiveMode is Always)")
        }
        var environment = inherited.merging(self.environment.mapValues(\.text)) { $1 }
        environment["KUBERNETES_EXEC_INFO"] = try info(isInteractive: isInteractive)
        let process = ChildProcess(
            command: command,
            arguments: arguments.map(\.text),
            environment: environment,
            inheritsInput: isInteractive
        )
        let outcome: ChildProcess.Outcome
        do {
            outcome = try process.run(timeLimit: timeLimit)
        } catch {
            let hint = installHint.isEmpty || error.number != ENOENT ? "" : "; \(installHint.visible)"
            throw failure("it can't be started: \(errorText(error.number))\(hint)")
        }
        if outcome.isTimedOut { throw failure("it did not end within \(timeLimit)", outcome) }
        if outcome.hasExcessOutput { throw failure("it printed more than 1 MiB", outcome) }
        if let signal = outcome.signal { throw failure("signal \(signal) ended it", outcome) }
        guard outcome.exitStatus == 0 else {
            throw failure("it ended with status \(outcome.exitStatus ?? -1)", outcome)
        }
        return try credentials(outcome)
    }

    /// An error of the program, with what it wrote to its standard error. What it printed has secrets.
    private func failure(_ reason: String, _ outcome: ChildProcess.Outcome = .init()) -> ClientConfigurationError {
        let text = String(decoding: outcome.errorOutput, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return ClientConfigurationError(
            "can't get credentials from \(command.visible): \(reason)" + (lines.isEmpty ? "" : ": \(lines.visible)")
        )
    }

    private func credentials(_ outcome: ChildProcess.Outcome) throws(ClientConfigurationError) -> ExecCredentials {
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(outcome.output))
        } catch let error as DecodingError {
            throw failure("what it printed is not an ExecCredential: \(error.placeWithoutValue)", outcome)
        } catch {
            throw failure("what it printed is not an ExecCredential", outcome)
        }
        guard answer.kind == "ExecCredential" else {
            throw failure("what it printed is not an ExecCredential", outcome)
        }
        let expected = "client.authentication.k8s.io/\(version)"
        guard answer.apiVersion == expected else {
            throw failure("it printed another version than \(expected): \(answer.apiVersion.visible)", outcome)
        }
        guard let status = answer.status else { throw failure("it printed no status", outcome) }
        let token = status.token ?? ""
        let certificate = status.clientCertificateData ?? ""
        let key = status.clientKeyData ?? ""
        guard certificate.isEmpty == key.isEmpty else {
            throw failure("it printed only one of clientCertificateData and clientKeyData", outcome)
        }
        guard !token.isEmpty || !key.isEmpty else {
            throw failure("it printed neither a token nor a certificate", outcome)
        }
        var credentials = ExecCredentials()
        if !token.isEmpty {
            guard let token = BearerToken.checked(token) else {
                throw failure("it printed what is not a token", outcome)
            }
            credentials.token = token
        }
        if !key.isEmpty {
            let (certificate, key) = (Secret(certificate), Secret(key))
            // Otherwise what can't be used would be kept, and the program would not be run again.
            do { try TLSMaterial.check(program: certificate, key) } catch { throw failure(error.message, outcome) }
            (credentials.certificate, credentials.key) = (certificate, key)
        }
        if let text = status.expirationTimestamp, !text.isEmpty {
            guard let date = Date(timestamp: text) else {
                throw failure("it printed what is not an expirationTimestamp", outcome)
            }
            credentials.expiration = date
        }
        return credentials
    }

    private struct Answer: Decodable {
        var apiVersion: String
        var kind: String
        var status: Status?

        struct Status: Decodable {
            var token: String?
            var clientCertificateData: String?
            var clientKeyData: String?
            var expirationTimestamp: String?
        }
    }

    /// What the program learns, as JSON.
    private func info(isInteractive: Bool) throws(ClientConfigurationError) -> String {
        var spec = "\"interactive\":\(isInteractive)"
        if let clusterInfo {
            var fields = ["\"server\":\(JSONText.quoted("\(clusterInfo.server)"))"]
            if let name = clusterInfo.tlsServerName { fields.append("\"tls-server-name\":\(JSONText.quoted(name))") }
            if clusterInfo.isInsecure { fields.append("\"insecure-skip-tls-verify\":true") }
            if let authority = clusterInfo.certificateAuthority {
                let bytes =
                    switch authority.content {
                    case .data(let secret): secret.bytes
                    case .file(let path): try CredentialFile.read(path)
                    }
                fields.append("\"certificate-authority-data\":\"\(Data(bytes).base64EncodedString())\"")
            }
            if let proxy = clusterInfo.proxy { fields.append("\"proxy-url\":\(JSONText.quoted(proxy.text))") }
            if let extra = clusterInfo.extra { fields.append("\"config\":\(extra.text)") }
            spec += ",\"cluster\":{\(fields.joined(separator: ","))}"
        }
        return
            "{\"apiVersion\":\"client.authentication.k8s.io/\(version)\",\"kind\":\"ExecCredential\",\"spec\":{\(spec)}}"
    }
}
