import Foundation
import IPVSFuzzing

@testable import KubernetesAPI

extension FuzzTarget {
    /// What programs print as credentials: the values in it have readers that can be called without a program.
    static let execCredentials = FuzzTarget("exec-credentials") { bytes in
        // Anything can be printed.
        guard let printed = try? JSONDecoder().decode(Printed.self, from: Data(bytes)) else { return }
        if let text = printed.status.token, let token = BearerToken.checked(text) {
            try hold(
                !token.bytes.isEmpty && token.bytes.allSatisfy { (0x21...0x7e).contains($0) },
                "no header can have this token: \(token.text.debugDescription)"
            )
            try hold(BearerToken.checked(token.text) == token, "\(token.text) is no token when it is read again")
        }
        if let text = printed.status.expirationTimestamp, let date = Date(timestamp: text) {
            try hold(date.timeIntervalSince1970.isFinite, "\(text) is no time")
        }
        if let certificate = printed.status.clientCertificateData, let key = printed.status.clientKeyData {
            do throws(ClientConfigurationError) {
                try TLSMaterial.check(program: Secret(certificate), Secret(key))
            } catch {
                try holdIsSentence(error.message)
            }
        }
    }
}

private struct Printed: Decodable {
    let status: Status

    struct Status: Decodable {
        let token: String?
        let clientCertificateData: String?
        let clientKeyData: String?
        let expirationTimestamp: String?
    }
}
