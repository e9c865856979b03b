import ArgumentParser
import IPVS
import IPVSNode
import IPVSProxy
import Logging

extension Duration {
    init(argument: String) throws(ValidationError) {
        guard let duration = Duration(goText: argument) else {
            throw ValidationError("it must be a duration, such as 500ms, 30s or 1m30s")
        }
        self = duration
    }
}

/// Blocks of addresses, several of which can be separated by commas.
struct Blocks: ExpressibleByArgument {
    let blocks: [IPAddress.Block]

    init?(argument: String) {
        let blocks = argument.split(separator: ",", omittingEmptySubsequences: false).map { text in
            IPAddress.Block(String(text)) ?? IPAddress(String(text)).map(IPAddress.Block.init)
        }
        guard !blocks.contains(nil) else { return nil }
        self.blocks = blocks.compactMap(\.self)
    }
}

/// The address on which to serve HTTP, or nil for `none` or an empty value.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    let endpoint: Endpoint?

    var description: String { endpoint?.description ?? "" }

    init(_ endpoint: Endpoint) { self.endpoint = endpoint }

    init?(argument: String) {
        endpoint = Endpoint(argument)
        // For 0, the kernel would choose an unknown port.
        guard endpoint.map({ $0.port != 0 }) ?? ["none", ""].contains(argument) else { return nil }
    }
}

extension AddressBinder.Method {
    init(argument: String) throws(ValidationError) {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError("it must be \(Self.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        self = method
    }
}

extension Scheduler {
    init(argument: String) throws(ValidationError) {
        self.init(rawValue: argument)
        guard (1...15).contains(argument.utf8.count) else {
            throw ValidationError("it must be the name of a scheduler, such as rr, lc or mh")
        }
    }
}

extension Logger.Level {
    init(argument: String) throws(ValidationError) {
        guard let level = Self(rawValue: argument) else {
            throw ValidationError("it must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = level
    }
}
