public import IPVS

/// A configured block of node-port addresses in which no node port is served, as the node has no address in it that can have
/// node ports.
public struct UnservedBlock: Hashable, Sendable {
    /// The block, which is one of ``Proxier/Configuration/nodePortBlocks``.
    public let block: IPAddress.Block

    init(_ block: IPAddress.Block) { self.block = block }
}

extension UnservedBlock: CustomStringConvertible {
    /// The reason as a sentence: `no node port is served in 203.0.113.0/24: the node has no address in it`.
    public var description: String { "no node port is served in \(block): \(reason)" }

    private var reason: String {
        for (special, name) in Self.special {
            if special.contains(block.first), special.prefixLength <= block.prefixLength {
                return "\(name) addresses have no node ports"
            }
        }
        let left = Self.special.filter { block.contains($0.block.first) }.map(\.name)
        guard !left.isEmpty else { return "the node has no address in it" }
        return "the node has no address in it except \(left.joined(separator: " and ")) ones, which have no node ports"
    }

    /// The addresses of a node that other nodes can't reach.
    private static let special: [(block: IPAddress.Block, name: String)] = [
        (IPAddress.Block(containing: IPAddress(127, 0, 0, 0), prefixLength: 8), "loopback"),
        (IPAddress("::1").map(IPAddress.Block.init), "loopback"),
        (IPAddress.Block("fe80::/10"), "link-local"),
    ]
    .compactMap { block, name in block.map { ($0, name) } }
}
