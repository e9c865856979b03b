internal import NIOCore

extension Router {
    /// A list, or a page of it.
    func list(_ target: APIRequest.Target) throws -> HTTPAnswer {
        try checkAccept()
        let selection = try Selection(of: request, target)
        let limit = try limit()
        var snapshot: Store.Snapshot
        var last: StoredObject.Key?
        if let text = request.query["continue"], !text.isEmpty {
            let token = try ContinueToken(text)
            last = token.last
            snapshot = try page(of: target.resource, token)
        } else {
            snapshot = try self.snapshot(of: target.resource)
        }
        if faults.contains(.emptyList) { snapshot = Store.Snapshot(version: snapshot.version, objects: []) }
        var selected = snapshot.objects.filter(selection.includes)
        if let last { selected = Array(selected.drop { $0.key <= last }) }
        let page = limit.map { selected.prefix($0) } ?? selected[...]
        var metadata: JSON = ["resourceVersion": "\(snapshot.version)"]
        if page.count < selected.count, let last = page.last {
            metadata["continue"] = .string(ContinueToken(version: snapshot.version, last: last.key).text)
            if !selection.hasSelectors { metadata["remainingItemCount"] = .integer(selected.count - page.count) }
        }
        return HTTPAnswer(json: Self.list(of: target.resource, metadata: metadata, page))
    }

    private func limit() throws -> Int? {
        guard let text = request.query["limit"], !text.isEmpty else { return nil }
        guard let limit = Int(text) else { throw APIStatus.badRequest("limit: invalid value \"\(text)\"") }
        // A list from the cache is never cut into pages.
        return limit > 0 && request.query["resourceVersion"] != "0" ? limit : nil
    }

    /// The objects of which the first page is taken.
    private func snapshot(of resource: KubernetesTestServer.Resource) throws -> Store.Snapshot {
        let version = try version()
        let match = request.query["resourceVersionMatch"] ?? ""
        if !match.isEmpty, version == nil {
            throw APIStatus.invalidOptions(["resourceVersionMatch is forbidden unless resourceVersion is provided"])
        }
        if match == "Exact", version == 0 {
            throw APIStatus.invalidOptions(["resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""])
        }
        return try core.store.withState { state in
            if let version, version > state.version {
                throw APIStatus.tooLarge(version: version, current: state.version)
            }
            guard match == "Exact", let version else { return state.snapshot(of: resource) }
            guard let snapshot = state.snapshot(of: resource, at: version) else { throw APIStatus.expiredList }
            return snapshot
        }
    }

    /// The objects of which a further page is taken: those of the first page's version.
    private func page(of resource: KubernetesTestServer.Resource, _ token: ContinueToken) throws -> Store.Snapshot {
        if let version = try version(), version != 0 {
            throw APIStatus.badRequest("specifying resource version is not allowed when using continue")
        }
        return try core.store.withState { state in
            guard let version = token.version else { return state.snapshot(of: resource) }
            guard let snapshot = state.snapshot(of: resource, at: version) else {
                throw APIStatus.expiredPage(inconsistent: ContinueToken(version: nil, last: token.last))
            }
            return snapshot
        }
    }

    private static func list(
        of resource: KubernetesTestServer.Resource,
        metadata: JSON,
        _ objects: ArraySlice<StoredObject>
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"\(resource.apiVersion)\",")
        buffer.writeString("\"metadata\":\(metadata.text),\"items\":[")
        var isFirst = true
        for object in objects {
            if !isFirst { buffer.writeStaticString(",") }
            object.writeItem(to: &buffer)
            isFirst = false
        }
        buffer.writeStaticString("]}\n")
        return buffer
    }
}
