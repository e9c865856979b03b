import ArgumentParser
import Common
import IPVS

/// A part of the table that the user owns.
enum Ownership: Hashable, Sendable {
    /// Virtual servers whose address is in a block.
    case block(IPAddress.Block)
    /// Virtual servers of either family whose firewall mark is in a range.
    case marks(ClosedRange<UInt32>)

    /// Reads `10.96.0.0/16`, `10.96.0.1`, `fwm`, `fwm:7` or `fwm:100-199`.
    init(argument: String) throws(ValidationError) {
        let text = argument.lowercased()
        if text == "fwm" {
            self = .marks(1...UInt32.max)
        } else if text.hasPrefix("fwm:") {
            let ends = text.dropFirst(4).split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends.last ?? nil, 1 <= first,
                first <= last
            else { throw ValidationError("firewall marks are written as fwm, fwm:7 or fwm:100-199") }
            self = .marks(first...last)
        } else if text.contains(",") {
            throw ValidationError("it is one block or fwm; repeat the option for more")
        } else {
            self = .block(try IPAddress.Block(argument: argument))
        }
    }

    /// Whether it includes a virtual server.
    func contains(_ id: VirtualServer.Identity) -> Bool {
        switch (self, id) {
        case (.block(let block), .endpoint(_, let endpoint)): block.contains(endpoint.address)
        case (.marks(let marks), .firewallMark(let mark, _)): marks.contains(mark)
        case (.block, .firewallMark), (.marks, .endpoint): false
        }
    }
}

/// The virtual servers that may be changed.
struct OwnershipOption: ParsableArguments {
    @Option(
        name: .customLong("own"),
        help: ArgumentHelp(
            "Change only virtual servers with an address in this block; can be repeated.",
            discussion: """
                All others are left alone, and a file that contains one of them is refused. Firewall marks have no address, \
                so they are left alone too, unless the option is given with fwm (all marks), fwm:7 or fwm:100-199. \
                Bits behind the prefix don't matter: 10.96.0.5/16 is 10.96.0.0/16.
                """,
            valueName: "cidr|fwm"
        ),
        transform: Ownership.init(argument:)
    )
    var own: [Ownership] = []

    func owns(_ id: VirtualServer.Identity) -> Bool { own.isEmpty || own.contains { $0.contains(id) } }

    /// Refuses a table that has a virtual server that is not owned.
    func check(_ table: Table) throws(Failure) {
        let others = table.sortedEntries().map(\.server.id).filter { !owns($0) }
        guard !others.isEmpty else { return }
        throw Failure(sentences: others.map { "\($0) is in the file, but not in what --own says is yours" })
    }
}
