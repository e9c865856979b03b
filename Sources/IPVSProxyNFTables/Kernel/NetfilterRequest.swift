import CNetfilter
import Netlink

/// A request that reads the rules of a network namespace.
enum NetfilterRequest {
    /// The number of the last transaction.
    case generation
    /// The `inet` table with a name.
    case table(String)
    /// The chains of a protocol family, or of all.
    case chains(Family)
    /// The sets of an `inet` table.
    case sets(table: String)
    /// The rules of an `inet` table, or of one of its chains.
    case rules(table: String, chain: String?)
    /// The elements of a set of an `inet` table.
    case elements(table: String, set: String)

    /// The names of the sets of ipset.
    case ipsets

    /// A protocol family of tables.
    enum Family: UInt8 {
        case all = 0
        case inet = 1
        case ipv4 = 2
        case ipv6 = 10
    }
}

extension NetfilterRequest: NetlinkRequest {
    /// The types of a request and of reply messages.
    private var types: (request: UInt16, reply: UInt16) {
        switch self {
        case .generation: Self.types(NFT_MSG_GETGEN, NFT_MSG_NEWGEN)
        case .table: Self.types(NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE)
        case .chains: Self.types(NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN)
        case .sets: Self.types(NFT_MSG_GETSET, NFT_MSG_NEWSET)
        case .rules: Self.types(NFT_MSG_GETRULE, NFT_MSG_NEWRULE)
        case .elements: Self.types(NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM)
        case .ipsets: (Self.ipsetList, Self.ipsetList)
        }
    }

    private static func types(_ request: nf_tables_msg_types, _ reply: nf_tables_msg_types) -> (UInt16, UInt16) {
        let subsystem = UInt16(NFNL_SUBSYS_NFTABLES) << 8
        return (subsystem | UInt16(request.rawValue), subsystem | UInt16(reply.rawValue))
    }

    private static let ipsetList = UInt16(NFNL_SUBSYS_IPSET) << 8 | IPSet.list

    /// The type of reply messages.
    var replyType: UInt16 { types.reply }

    private var family: Family {
        switch self {
        case .generation, .ipsets: .all
        case .chains(let family): family
        case .table, .sets, .rules, .elements: .inet
        }
    }

    private var flags: UInt16 {
        switch self {
        case .generation, .table: UInt16(NLM_F_REQUEST | NLM_F_ACK)
        case .chains, .sets, .rules, .elements, .ipsets: UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ROOT | NLM_F_MATCH)
        }
    }

    var shape: RequestShape {
        RequestShape(number: UInt64(types.request) | UInt64(family.rawValue) << 16)
    }

    func begin(_ message: inout Message) {
        var header = nfgenmsg()
        header.nfgen_family = family.rawValue
        header.version = UInt8(NFNETLINK_V0)
        message.begin(type: types.request, flags: flags, header: header)
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        switch self {
        case .generation, .chains: break
        case .table(let name): message.put(Number.tableName, name)
        case .sets(let table): message.put(Number.setTable, table)
        case .rules(let table, let chain):
            message.put(Number.ruleTable, table)
            if let chain { message.put(Number.ruleChain, chain) }
        case .ipsets:
            message.put(IPSet.versionNumber, IPSet.version)
            message.put(IPSet.flags, IPSet.namesOnly.bigEndian)
        case .elements(let table, let set):
            message.put(Number.listTable, table)
            message.put(Number.listSet, set)
        }
    }
}
