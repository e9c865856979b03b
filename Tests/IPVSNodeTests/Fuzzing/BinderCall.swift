import IPVS
import IPVSFuzzing

@testable import IPVSNode

/// A call of a binder, and what must hold for its result.
enum BinderCall: CaseIterable {
    case addresses, nodeAddresses, alias, dummies, hasAddresses
    case makeInterface, setAlias, removeInterface
    case bind, unbind

    private static let requested: Set<IPAddress> = [
        IPAddress(10, 96, 0, 1), IPAddress(10, 96, 0, 2), IPAddress(bytes: 1...16) ?? IPAddress(10, 96, 0, 3),
    ]

    /// Makes the call.
    func make(_ binder: AddressBinder) throws {
        switch self {
        case .addresses: _ = try binder.addresses()
        case .nodeAddresses:
            for address in try binder.nodeAddresses() {
                let isLocal = address.family == .ipv4 ? address.bytes[0] == 127 : address == IPAddress("::1")
                try hold(!isLocal, "other nodes can't reach \(address)")
            }
        case .alias: _ = try binder.alias()
        case .dummies: _ = try binder.dummies()
        case .hasAddresses: _ = try binder.hasAddresses(besides: Self.requested)
        case .makeInterface: _ = try binder.makeInterface()
        case .setAlias: _ = try binder.setAlias("alias")
        case .removeInterface: _ = try binder.removeInterface()
        case .bind: try check(try binder.bind(Self.requested))
        case .unbind: try check(try binder.unbind(Self.requested))
        }
    }

    private func check(_ outcome: AddressBinder.Outcome) throws {
        let failed = Set(outcome.failures.keys)
        try hold(failed.isSubset(of: Self.requested), "addresses that nobody asked for failed: \(failed)")
        let rest = Self.requested.count - failed.count
        try hold((0...rest).contains(outcome.changed), "\(outcome.changed) of \(rest) addresses were changed")
        for error in outcome.failures.values { try error.check() }
    }
}

extension AddressError {
    /// Expects a sentence.
    func check() throws { try hold("\(self)".hasPrefix("can't \(operation): "), "an error is \"\(self)\"") }
}
