internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// What a connection reads and writes: requests, one after the other, and their answers.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let core: Core
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var waiting: CircularBuffer<APIRequest> = []
    private var current: Exchange?
    private var keepsAlive = true

    let eventLoop: any EventLoop

    /// The client's certificate, as bytes; nil if it has shown none.
    private(set) var clientCertificate: [UInt8]?

    init(core: Core, eventLoop: any EventLoop) {
        self.core = core
        self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        core.connections[ObjectIdentifier(self)] = self
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        core.connections[ObjectIdentifier(self)] = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        current?.closed()
        current = nil
        self.context = nil
        core.connections[ObjectIdentifier(self)] = nil
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { current?.onWritable?() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that doesn't trust the certificate, or that went away.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part): body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            keepsAlive = head.isKeepAlive
            if clientCertificate == nil {
                clientCertificate = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
                    .peerCertificate?.toDERBytes()
            }
            waiting.append(APIRequest(head, body: body))
            serveNext()
        }
    }

    /// Begins with the next request, if no other is being answered.
    func serveNext() {
        guard current == nil, !core.isPaused, let request = waiting.popFirst() else { return }
        core.serve(request, on: self) { current = $0 }
    }
}

// For exchanges.
extension ConnectionHandler {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func transmit(_ part: HTTPServerResponsePart) { context?.write(wrapOutboundOut(part), promise: nil) }

    func flush() { context?.flush() }

    func finished() {
        current = nil
        if keepsAlive { serveNext() } else { close() }
    }

    func close() { context?.close(promise: nil) }

    /// Reads from the connection, or leaves it alone.
    func setReading(_ isReading: Bool) {
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
        if isReading { serveNext() }
    }
}
