internal import NIOCore
internal import NIOHTTP1

/// A whole answer to a request.
struct HTTPAnswer {
    var status: HTTPResponseStatus = .ok
    var headers: HTTPHeaders
    var body: ByteBuffer

    /// An answer with a body of any type.
    init(status: HTTPResponseStatus = .ok, contentType: String, body: ByteBuffer) {
        self.status = status
        headers = ["Content-Type": contentType, "Cache-Control": "no-cache, private"]
        self.body = body
    }

    /// An answer with bytes of JSON.
    init(status: HTTPResponseStatus = .ok, json body: ByteBuffer) {
        self.init(status: status, contentType: "application/json", body: body)
    }

    /// An answer with JSON.
    init(status: HTTPResponseStatus = .ok, json: JSON) {
        self.init(status: status, json: ByteBuffer(string: json.text + "\n"))
    }

    /// An answer with a text.
    init(status: HTTPResponseStatus = .ok, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: ByteBuffer(string: text))
    }
}
