import CNetfilter
import Netlink

// The names of nf_tables' attributes, for errors; only those that are read here.
extension AttributeSet {
    static var generation: Self { Self("NFTA_GEN_", "UNSPEC ID") }

    static var table: Self { Self("NFTA_TABLE_", "UNSPEC NAME FLAGS") }

    static var chain: Self {
        Self("NFTA_CHAIN_", "UNSPEC TABLE HANDLE NAME HOOK POLICY USE TYPE")
    }

    static var hook: Self { Self("NFTA_HOOK_", "UNSPEC HOOKNUM PRIORITY") }

    static var rule: Self { Self("NFTA_RULE_", "UNSPEC TABLE CHAIN HANDLE EXPRESSIONS COMPAT POSITION USERDATA") }

    static var expression: Self { Self("NFTA_EXPR_", "UNSPEC NAME DATA") }

    static var lookup: Self { Self("NFTA_LOOKUP_", "UNSPEC SET") }

    static var set: Self {
        Self("NFTA_SET_", "UNSPEC TABLE NAME FLAGS KEY_TYPE KEY_LEN DATA_TYPE DATA_LEN")
    }

    static var setDescription: Self { Self("NFTA_SET_DESC_", "UNSPEC SIZE") }

    static var elementList: Self { Self("NFTA_SET_ELEM_LIST_", "UNSPEC TABLE SET ELEMENTS") }

    static var list: Self { Self("NFTA_LIST_", "UNSPEC ELEM") }

    static var element: Self { Self("NFTA_SET_ELEM_", "UNSPEC KEY DATA FLAGS") }

    static var data: Self { Self("NFTA_DATA_", "UNSPEC VALUE VERDICT") }

    static var verdict: Self { Self("NFTA_VERDICT_", "UNSPEC CODE CHAIN") }

    static var ipset: Self { Self("IPSET_ATTR_", "UNSPEC PROTOCOL SETNAME") }
}

/// The numbers of attributes.
enum Number {
    static let generation = Int(NFTA_GEN_ID.rawValue)
    static let (tableName, tableFlags) = (Int(NFTA_TABLE_NAME.rawValue), Int(NFTA_TABLE_FLAGS.rawValue))
    static let (chainTable, chainName) = (Int(NFTA_CHAIN_TABLE.rawValue), Int(NFTA_CHAIN_NAME.rawValue))
    static let (chainHook, chainPolicy) = (Int(NFTA_CHAIN_HOOK.rawValue), Int(NFTA_CHAIN_POLICY.rawValue))
    static let chainType = Int(NFTA_CHAIN_TYPE.rawValue)
    static let (hookPoint, hookPriority) = (Int(NFTA_HOOK_HOOKNUM.rawValue), Int(NFTA_HOOK_PRIORITY.rawValue))
    static let (ruleTable, ruleChain) = (Int(NFTA_RULE_TABLE.rawValue), Int(NFTA_RULE_CHAIN.rawValue))
    static let (ruleHandle, rulePosition) = (Int(NFTA_RULE_HANDLE.rawValue), Int(NFTA_RULE_POSITION.rawValue))
    static let ruleExpressions = Int(NFTA_RULE_EXPRESSIONS.rawValue)
    static let (expressionName, expressionData) = (Int(NFTA_EXPR_NAME.rawValue), Int(NFTA_EXPR_DATA.rawValue))
    static let lookupSet = Int(NFTA_LOOKUP_SET.rawValue)
    static let (setTable, setName, setFlags) = (
        Int(NFTA_SET_TABLE.rawValue), Int(NFTA_SET_NAME.rawValue), Int(NFTA_SET_FLAGS.rawValue)
    )
    static let (setKeyLength, setDataType, setDataLength) = (
        Int(NFTA_SET_KEY_LEN.rawValue), Int(NFTA_SET_DATA_TYPE.rawValue), Int(NFTA_SET_DATA_LEN.rawValue)
    )
    static let (setExpression, setExpressions) = (Int(NFTA_SET_EXPR.rawValue), Int(NFTA_SET_EXPRESSIONS.rawValue))
    static let (setDescription, setSize) = (Int(NFTA_SET_DESC.rawValue), Int(NFTA_SET_DESC_SIZE.rawValue))
    static let (listTable, listSet, listElements) = (
        Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), Int(NFTA_SET_ELEM_LIST_SET.rawValue),
        Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)
    )
    static let (elementKey, elementData, elementFlags) = (
        Int(NFTA_SET_ELEM_KEY.rawValue), Int(NFTA_SET_ELEM_DATA.rawValue), Int(NFTA_SET_ELEM_FLAGS.rawValue)
    )
    static let elementUserData = Int(NFTA_SET_ELEM_USERDATA.rawValue)
    static let (value, verdict) = (Int(NFTA_DATA_VALUE.rawValue), Int(NFTA_DATA_VERDICT.rawValue))
    static let (verdictCode, verdictChain) = (Int(NFTA_VERDICT_CODE.rawValue), Int(NFTA_VERDICT_CHAIN.rawValue))
}

/// The numbers of ipset, whose header can't be imported beside the C library.
enum IPSet {
    /// The version of the protocol that all kernels since 2.6.39 know.
    static let version: UInt8 = 6
    static let list: UInt16 = 7  // IPSET_CMD_LIST
    static let (versionNumber, name, flags) = (1, 2, 6)  // IPSET_ATTR_PROTOCOL, IPSET_ATTR_SETNAME, IPSET_ATTR_FLAGS
    static let namesOnly: UInt32 = 1 << 1  // IPSET_FLAG_LIST_SETNAME
}
