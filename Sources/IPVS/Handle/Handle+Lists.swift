import Netlink

extension Handle {
    /// How often to read something that changes meanwhile.
    static let attempts = 5

    /// Lists what the kernel dumps, and lists it again if something is in the list twice.
    ///
    /// The kernel sends a long list in parts, and skips as many entries as it has already sent. If entries have moved since,
    /// some are sent twice, and others not at all. Entries move when other programs add or delete some; since Linux 7, also when
    /// the hash table of virtual servers grows or shrinks, which it does in the background, some time after a change.
    ///
    /// - Parameters:
    ///   - request: The request for the list.
    ///   - id: What is different for each element.
    ///   - decode: Decodes an element from the attributes of a message.
    /// - Returns: The elements, in the kernel's order.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` after five attempts.
    func list<Element, ID: Hashable>(
        _ request: Request,
        by id: (Element) -> ID,
        _ decode: (RawSpan) throws(MalformedReply) -> Element
    ) throws(IPVSError) -> [Element] {
        for _ in 0..<Self.attempts {
            let list = try ask(request, []) { (list: inout [Element], bytes) throws(MalformedReply) in
                list.append(try decode(bytes))
            }
            var ids = Set<ID>(minimumCapacity: list.count)
            if list.allSatisfy({ ids.insert(id($0)).inserted }) { return list }
        }
        throw IPVSError(.tableChanging, request)
    }
}
