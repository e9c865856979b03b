// Which service ports a change can affect: only those whose part of the object differs.

extension ObjectChange<ServiceDefinition> {
    /// The ports that were added, deleted or changed, each once.
    var servicePorts: [ServicePortName] {
        guard let service = (current ?? previous)?.name else { return [] }
        return keysThatDiffer(previous?.ports ?? [:], current?.ports ?? [:]).map { ServicePortName(service, port: $0) }
    }
}

extension ObjectChange<EndpointSlice> {
    /// The ports whose endpoints were added, deleted or changed, each once. If the slice was moved from one service to another,
    /// the ports of both.
    var servicePorts: [ServicePortName] {
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
