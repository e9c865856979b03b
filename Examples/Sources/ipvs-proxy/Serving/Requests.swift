import NIOCore
import NIOHTTP1

/// Answers the requests of a connection, one at a time.
final class Requests: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pages: @Sendable (_ path: String) -> StatusPages.Page?

    /// Whether an answer is being created.
    private var isAnswering = false

    /// Answers with pages by their paths.
    init(_ pages: @escaping @Sendable (_ path: String) -> StatusPages.Page?) { self.pages = pages }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let request) = unwrapInboundIn(data) else { return }
        isAnswering = true
        context.eventLoop.makeFutureWithTask { [pages] in
            await Self.response(to: request, pages)
        }.assumeIsolated().whenSuccess { head, body in
            self.isAnswering = false
            // The connection may be closed by now.
            guard context.channel.isActive else { return }
            self.send(head, body, to: request, context)
        }
    }

    /// A request's body is not read, so the connection can't be reused after one.
    private static func isLast(_ request: HTTPRequestHead) -> Bool {
        !request.isKeepAlive || request.headers.contains(name: "Content-Length")
            || request.headers.contains(name: "Transfer-Encoding")
    }

    private static func response(
        to request: HTTPRequestHead,
        _ pages: (_ path: String) -> StatusPages.Page?
    ) async -> (HTTPResponseHead, body: String) {
        func head(_ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:]) -> HTTPResponseHead {
            HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        }
        guard let page = pages(path(of: request.uri)) else { return (head(.notFound), "") }
        guard [.GET, .HEAD].contains(request.method) else {
            return (head(.methodNotAllowed, ["Allow": "GET, HEAD"]), "")
        }
        let answer = await page()
        var headers: HTTPHeaders = ["Content-Type": answer.contentType, "X-Content-Type-Options": "nosniff"]
        for (name, value) in answer.headers { headers.replaceOrAdd(name: name, value: value) }
        return (head(answer.isOK ? .ok : .serviceUnavailable, headers), answer.body)
    }

    /// The path of a request's target, which can be a whole URL if the client uses a proxy.
    private static func path(of target: String) -> String {
        let target = target.prefix { $0 != "?" }
        guard let origin = target.prefixMatch(of: /https?:\/\/[^\/]*/.ignoresCase()) else { return String(target) }
        return String(target[origin.range.upperBound...])
    }

    private func send(
        _ head: HTTPResponseHead,
        _ body: String,
        to request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let isLast = Self.isLast(request)
        var head = head
        head.headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        head.headers.add(name: "Connection", value: isLast ? "close" : "keep-alive")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        // The answer to a HEAD request has the length of the page too.
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if isLast { sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }

    /// The time limit for a client's next request, during which it must also receive the last answer. The time to
    /// create an answer doesn't count.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent, !isAnswering { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// A request that can't be parsed was already answered.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
