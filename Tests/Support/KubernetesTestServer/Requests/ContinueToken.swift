internal import Foundation

/// Where the next page of a list begins.
struct ContinueToken: Sendable {
    /// The version of the whole list; nil if the rest is taken from the newest objects.
    var version: Int?

    /// The last object of the page before.
    var last: StoredObject.Key

    init(version: Int?, last: StoredObject.Key) {
        self.version = version
        self.last = last
    }

    /// Reads a token.
    ///
    /// - Throws: ``APIStatus`` if the text is not a token.
    init(_ text: String) throws {
        let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), let token = try? JSON(parsing: data),
            let version = token["rv"]?.integer, let start = token["start"]?.string, start.hasSuffix("\0"),
            let slash = start.firstIndex(of: "/")
        else { throw APIStatus.badRequest("invalid continue token: continue key is not valid") }
        self.version = version < 0 ? nil : version
        last = StoredObject.Key(
            namespace: String(start[..<slash]),
            name: String(start[start.index(after: slash)...].dropLast())
        )
    }

    /// The token, which has the form of a real server's.
    var text: String {
        let token: JSON = [
            "v": "meta.k8s.io/v1", "rv": .integer(version ?? -1), "start": .string("\(last.namespace)/\(last.name)\0"),
        ]
        return Data(token.text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
