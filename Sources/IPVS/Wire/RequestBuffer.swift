import CIPVS

/// Requests, one behind the other as one system call sends them.
///
/// What libnl built for the first request of a shape is copied for the others.
@safe
struct RequestBuffer: ~Copyable {
    private let storage: UnsafeMutableRawBufferPointer
    private let capacity: Int
    private var templates: [(shape: Request.Shape, template: RequestTemplate)] = []
    private var length = 0
    private var lastStart = 0

    /// How many requests are in it.
    private(set) var count = 0

    /// What a socket takes at once with Linux's usual limit, net.core.wmem_default, with some room left.
    static let defaultCapacity = 200 * 1024

    init(capacity: Int = defaultCapacity) {
        unsafe storage = .allocate(byteCount: capacity, alignment: 8)
        self.capacity = capacity
    }

    deinit { unsafe storage.deallocate() }

    mutating func removeAll() { (length, lastStart, count) = (0, 0, 0) }

    /// Appends a request with what is to stand in its header; false if there is no room for it.
    mutating func append(
        _ request: Request,
        flags: UInt16,
        type: UInt16,
        sequence: UInt32,
        port: UInt32
    ) -> Bool {
        guard let size = copy(request) else { return false }
        let header = unsafe UnsafeMutableRawBufferPointer(rebasing: storage[length..<length + Netlink.headerLength])
        unsafe header.storeBytes(of: type, toByteOffset: 4, as: UInt16.self)
        unsafe header.storeBytes(of: flags, toByteOffset: 6, as: UInt16.self)
        unsafe header.storeBytes(of: sequence, toByteOffset: 8, as: UInt32.self)
        unsafe header.storeBytes(of: port, toByteOffset: 12, as: UInt32.self)
        lastStart = length
        length += Netlink.aligned(size)
        count += 1
        return true
    }

    /// Has the kernel answer the last request even if it succeeds, which tells that it has read them all.
    mutating func requireLastAnswer() {
        guard count > 0 else { return }
        let flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        unsafe storage.storeBytes(of: flags, toByteOffset: lastStart + 6, as: UInt16.self)
    }

    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(UnsafeRawBufferPointer(rebasing: storage[..<length]))
    }

    /// Puts a request behind the others, and returns its size; nil if there is no room.
    private mutating func copy(_ request: Request) -> Int? {
        let shape = request.shape
        if let index = templates.firstIndex(where: { $0.shape == shape }) {
            let template = templates[index].template
            guard template.bytes.count <= capacity - length else { return nil }
            if fill(template, with: request) { return template.bytes.count }
            templates.remove(at: index)
        }
        guard let template = RequestTemplate(request) else { return nil }
        templates.append((shape, template))
        guard template.bytes.count <= capacity - length else { return nil }
        precondition(fill(template, with: request), "an encoder puts something else each time")
        return template.bytes.count
    }

    private func fill(_ template: RequestTemplate, with request: Request) -> Bool {
        var writer = unsafe TemplateWriter(template, to: UnsafeMutableRawBufferPointer(rebasing: storage[length...]))
        request.put(into: &writer)
        return writer.isComplete
    }
}

extension Request {
    /// Requests of one shape differ in values, but not in which attributes they have and how long each is.
    struct Shape: Equatable {
        fileprivate let number: UInt64
    }

    /// A guess that is good enough: where it is wrong, filling notices.
    var shape: Shape {
        switch self {
        case .addService(let server), .updateService(let server):
            shape(
                server.id,
                lengths: server.scheduler.rawValue.utf8.count,
                server.persistence?.engine?.rawValue.utf8.count ?? 0
            )
        case .deleteService(let id), .addDestination(_, let id), .updateDestination(_, let id),
            .deleteDestination(_, let id):
            shape(id)
        default: Shape(number: UInt64(command))
        }
    }

    private func shape(_ id: VirtualServer.Identity, lengths first: Int = 0, _ second: Int = 0) -> Shape {
        var number = UInt64(command) | UInt64(first) << 16 | UInt64(second) << 32
        if case .firewallMark = id { number |= 1 << 8 }
        return Shape(number: number)
    }
}
