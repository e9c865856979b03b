import IPVS

extension Workload {
    /// A run in the format of `ipvsadm -R`, or nil if ipvsadm can't do it.
    func commands(_ layout: Layout) throws -> [String]? {
        switch self {
        case .addAll:
            try layout.services().flatMap { index in
                let service = try layout.service(index)
                return ["-A \(service.server.words) -s \(service.server.scheduler.rawValue)"]
                    + service.realServers.map { "-a \(service.server.words) \($0.words)" }
            }
        case .changeWeights:
            try layout.services().flatMap { index in
                let service = try layout.service(index, change: .all(pass: 1))
                return service.realServers.map { "-e \(service.server.words) \($0.words)" }
            }
        case .deleteAll:
            try layout.services().map { "-D \(try layout.service($0).server.words)" }
        case .readAll, .applySame, .applyChanged: nil
        }
    }
}

extension VirtualServer {
    fileprivate var words: String {
        guard case .endpoint(.tcp, let endpoint) = id else { preconditionFailure("the layout has TCP alone") }
        return "-t \(endpoint)"
    }
}

extension RealServer {
    fileprivate var words: String { "-r \(endpoint) -m -w \(weight)" }
}
