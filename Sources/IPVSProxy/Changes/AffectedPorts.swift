// Which service ports a change can matter to: those alone whose part of the object is otherwise than before.

extension ObjectChange<ServiceDefinition> {
    /// The ports that were added, deleted or changed, each once.
    public var servicePorts: [ServicePortName] {
        guard let service = (current ?? previous)?.name else { return [] }
        return keysThatDiffer(previous?.ports ?? [:], current?.ports ?? [:]).map { ServicePortName(service, port: $0) }
    }
}

extension ObjectChange<EndpointSlice> {
    /// The ports whose endpoints are others, or of another state, each once; if the slice has gone from one service to
    /// another, those of both.
    public var servicePorts: [ServicePortName] {
        if let previous, let current, previous.service == current.service {
            let ports = keysThatDiffer(previous.endpoints, current.endpoints)
            return ports.map { ServicePortName(current.service, port: $0) }
        }
        return (previous?.servicePorts ?? []) + (current?.servicePorts ?? [])
    }
}

extension EndpointSlice {
    fileprivate var servicePorts: [ServicePortName] { endpoints.keys.map { ServicePortName(service, port: $0) } }
}

private func keysThatDiffer<Value: Equatable>(_ one: [String: Value], _ other: [String: Value]) -> [String] {
    var keys = other.keys.filter { one[$0] == nil }
    keys += one.keys.filter { one[$0] != other[$0] }
    return keys
}
