/// Something that goes wrong with a request.
public struct Fault: Sendable {
    let kind: Kind

    enum Kind: Hashable, Sendable {
        case closeBeforeHead
        case hangBeforeHead
        case closeAfterHead
        case cut(bytes: Int, then: Cut)
        case slow(bytes: Int, interval: Duration)
        case delay(Duration)
        case status(Int, retryAfter: Int?)
        case expired
        case answer(body: String, contentType: String, status: Int)
        case emptyList

        var delay: Duration? {
            guard case .delay(let duration) = self else { return nil }
            return duration
        }
    }

    enum Cut: Hashable, Sendable {
        case close
        case hang
        case end
    }
}

// Connections.
extension Fault {
    /// The server closes the connection before it answers.
    public static let closeBeforeAnswer = Fault(kind: .closeBeforeHead)

    /// The server closes the connection after the status and the header of the answer.
    public static let closeAfterHead = Fault(kind: .closeAfterHead)

    /// The server closes the connection after so many bytes of the body, which can be in the middle of an object.
    public static func close(afterBytes bytes: Int) -> Fault { Fault(kind: .cut(bytes: bytes, then: .close)) }

    /// The server never answers, and leaves the connection open.
    public static let hang = Fault(kind: .hangBeforeHead)

    /// The server sends nothing more after so many bytes of the body, and leaves the connection open. With 0 bytes, it goes no
    /// further than the status and the header.
    public static func hang(afterBytes bytes: Int) -> Fault { Fault(kind: .cut(bytes: bytes, then: .hang)) }

    /// The server sends so many bytes at a time, and waits an interval before each.
    public static func slow(bytes: Int = 1, every interval: Duration) -> Fault {
        Fault(kind: .slow(bytes: max(1, bytes), interval: interval))
    }

    /// The server waits before it begins.
    public static func delay(_ duration: Duration) -> Fault { Fault(kind: .delay(duration)) }
}

// Answers.
extension Fault {
    /// The server answers with a status such as 429, 500 or 503, and says after how many seconds to try again, if given.
    public static func status(_ code: Int, retryAfter: Int? = nil) -> Fault {
        Fault(kind: .status(code, retryAfter: retryAfter))
    }

    /// What was asked for is too old: a list is answered with the status 410, and a watch with an event of the type `ERROR` in
    /// an answer with the status 200.
    public static let expired = Fault(kind: .expired)

    /// The body ends after so many bytes, though the answer is complete for HTTP.
    public static func truncated(atBytes bytes: Int) -> Fault { Fault(kind: .cut(bytes: bytes, then: .end)) }

    /// The answer is some other text.
    public static func answer(_ body: String, contentType: String = "application/json", status: Int = 200) -> Fault {
        Fault(kind: .answer(body: body, contentType: contentType, status: status))
    }

    /// A list is empty, and otherwise right. So is a streaming list.
    public static let emptyList = Fault(kind: .emptyList)

    /// A list is nothing but `{"items":[]}`.
    public static let emptyListWithoutKind = answer("{\"items\":[]}")

    /// The answer is a page of HTML with the status 200, as from a proxy on the path.
    public static let htmlPage = answer("<html><body>Welcome</body></html>\n", contentType: "text/html")
}
