import Foundation
import IPVSFuzzing
import VisibleText

@testable import IPVS

extension FuzzTarget {
    /// The text forms of addresses and everything else that is read from one word or a few.
    static let addresses = FuzzTarget("addresses", maximumLength: 256) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        try check(text, as: IPAddress.self)
        try check(text, as: IPAddress.Family.self)
        try check(text, as: IPAddress.Block.self)
        try check(text, as: Endpoint.self)
        try check(text, as: VirtualServer.Identity.self)
        try check(text, as: TransportProtocol.self)
        try check(text, as: Tunnel.Kind.self)
        try check(text, as: Tunnel.Checksum.self)
        try check(text, as: Persistence.Mask.self)
        try check(text, as: KernelInfo.Version.self)
        try check(text, as: SyncDaemon.Role.self)
        try checkBytes(of: text)
        try checkFlags(text)
        try checkForwardingMethod(text)
        try hold(Scheduler(rawValue: text).description == text, "the scheduler has another name")
        try hold(IPVSError.FieldPath(stringLiteral: text).description == text, "the path of a field is another one")
        try checkVisible(text)
    }

    /// Expects that the canonical form of a text, if it has one, stands for the same value.
    private static func check<Value: LosslessStringConvertible & Equatable>(_ text: String, as _: Value.Type) throws {
        guard let value = Value(text) else { return }
        let canonical = value.description
        guard let again = Value(canonical) else { throw FuzzFailure("\(Value.self): \"\(canonical)\" can't be read") }
        try hold(again == value && again.description == canonical, "\(value) becomes \(again)")
    }

    private static func checkBytes(of text: String) throws {
        if let address = IPAddress(text) {
            try hold(IPAddress(bytes: address.bytes) == address, "\(address) has the bytes \(address.bytes)")
        }
        if let block = IPAddress.Block(text) {
            let again = IPAddress.Block(containing: block.first, prefixLength: block.prefixLength)
            try hold(again == block && block.contains(block.first), "\(block) does not contain its first address")
        }
    }

    private static func checkFlags(_ text: String) throws {
        guard let flags = VirtualServer.Flags(name: text) else { return }
        let again = flags.names.reduce(into: VirtualServer.Flags()) { flags, name in
            flags.formUnion(VirtualServer.Flags(name: name) ?? [])
        }
        try hold(again == flags, "\(flags) becomes \(again)")
    }

    /// A forwarding method has a text form in JSON only.
    private static func checkForwardingMethod(_ text: String) throws {
        let method: ForwardingMethod
        do {
            method = try JSONDecoder().decode(ForwardingMethod.self, from: JSONEncoder().encode(text))
        } catch is DecodingError {
            return
        }
        let again = try JSONDecoder().decode(ForwardingMethod.self, from: JSONEncoder().encode(method))
        try hold(again == method, "\(method) becomes \(again)")
    }

    /// Expects that a message with the text in it can be printed.
    private static func checkVisible(_ text: String) throws {
        let visible = text.visible(upTo: 60)
        let categories = visible.unicodeScalars.map(\.properties.generalCategory)
        try hold(!categories.contains { [.control, .format].contains($0) }, "\"\(visible)\" is not visible")
        try hold(visible.unicodeScalars.count <= 60 * "\\u{10ffff}".count + 1, "\"\(visible)\" is too long")
    }
}
