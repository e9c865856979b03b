import CNetfilter
import IPVS
public import IPVSProxy
import Netlink

extension NFTables: PacketFilter {
    /// Whether no rules can have been changed by others; see `PacketFilter`.
    public func isUnchanged() throws(PacketFilterError) -> Bool {
        try state.withLock { (state) throws(PacketFilterError) in
            guard let known = state.generation else { return false }
            return try generation() == known
        }
    }

    /// Whether the table exists, whatever is in it. In a kernel without nftables it doesn't.
    ///
    /// - Returns: Whether it does.
    /// - Throws: `PacketFilterError`, such as `permissionDenied`.
    public func exists() throws(PacketFilterError) -> Bool {
        do throws(RulesetReader.Failure) {
            return try reader.flags(ofTable: table) != nil
        } catch {
            let error = PacketFilterError("read the packet rules", error)
            if error.code == .unavailable { return false }
            throw error
        }
    }

    /// Compares the table with other rules; see `PacketFilter`.
    public func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference {
        try state.withLock { (state) throws(PacketFilterError) in
            state.generation = nil
            var failure = RulesetReader.Failure.interrupted
            for _ in 1...Self.attempts {
                do throws(RulesetReader.Failure) {
                    let before = try reader.generation()
                    var comparison = Comparison(rules, with: state, table: table, reader)
                    let difference = try comparison.difference()
                    guard try reader.generation() == before else { continue }
                    (state.generation, state.chains, state.marks) = (before, comparison.chains, comparison.marks)
                    return difference
                } catch .interrupted {
                    failure = .interrupted
                } catch .kernel(let answer) where answer.errno == ENOENT {
                    // The table was removed meanwhile.
                    failure = .kernel(answer)
                } catch {
                    throw PacketFilterError("read the packet rules", error)
                }
            }
            throw PacketFilterError("read the packet rules", failure)
        }
    }

    /// The number of attempts to read what other programs change meanwhile.
    private static let attempts = 10
}

/// The comparison of the kernel's table with rules.
private struct Comparison {
    private let rules: PacketRules

    /// The chains that are known to be as they were written.
    private(set) var chains: [String: WrittenChain]

    /// The marks that were found.
    private(set) var marks: [String] = []

    private let table: String
    private let reader: RulesetReader
    private var result = PacketRules.Difference()
    private typealias Failure = RulesetReader.Failure

    init(_ rules: PacketRules, with known: NFTables.State, table: String, _ reader: RulesetReader) {
        (self.rules, chains, self.table, self.reader) = (rules, known.chains, table, reader)
    }

    mutating func difference() throws(RulesetReader.Failure) -> PacketRules.Difference {
        // A table that is switched off or that has other sets is made anew.
        guard try reader.flags(ofTable: table) == 0, try hasOwnSets(), try compareChains(), try compareElements() else {
            return rules.difference(from: nil)
        }
        return result
    }

    private func hasOwnSets() throws(Failure) -> Bool {
        let found = try reader.sets(ofTable: table).filter { !$0.isAnonymous }
        let own = Dictionary(uniqueKeysWithValues: NamedSet.all.map { ($0.name, $0) })
        return found.count == own.count && found.allSatisfy { set in own[set.name].map(set.isLike) ?? false }
    }

    /// Compares the chains, and returns false if they can't be repaired.
    private mutating func compareChains() throws(Failure) -> Bool {
        let found = try reader.chains(.inet).filter { $0.table == table }
        let fingerprints = try reader.fingerprints(ofTable: table)
        let texts = Program(rules.options).texts.merging(SourceRanges.texts(rules.sourceRanges)) { $1 }
        marks = found.map(\.name).filter { $0.hasPrefix(Names.markPrefix) }
        if chains.isEmpty { trustMark(texts, fingerprints) }
        chains = chains.filter { chain in chain.value.rules == fingerprints[chain.key] ?? 0 }
        var isProgram = marks == [chains.mark] && fingerprints[chains.mark] == nil
        var missing = Program.hooks
        var ranges = rules.sourceRanges
        let names = Dictionary(uniqueKeysWithValues: ranges.keys.map { (Names.chain(of: $0), $0) })
        for chain in found {
            let isRight = chains[chain.name].map { $0.text == texts[chain.name] } ?? false
            if let hook = missing.removeValue(forKey: chain.name) {
                guard chain.hook.map({ $0.isLike(hook) }) ?? (hook == nil) else { return false }
                isProgram = isProgram && isRight && chain.hook?.accepts ?? true
                continue
            }
            guard chain.hook == nil else { return false }
            if marks.contains(chain.name) { continue }
            if let name = names[chain.name] {
                if isRight { ranges[name] = nil }
            } else if let name = Names.servicePort(ofChain: chain.name) {
                result.removedRanges.append(name)
            } else {
                return false
            }
        }
        if !isProgram || !missing.isEmpty { result.options = rules.options }
        result.writtenRanges = ranges
        result.removedRanges.sort()
        return true
    }

    /// Takes the chains of an earlier process for known if they are marked as those that are wanted.
    private mutating func trustMark(_ texts: [String: UInt64], _ fingerprints: [String: UInt64]) {
        var marked: [String: WrittenChain] = [:]
        for chain in Set(texts.keys).union(fingerprints.keys) {
            marked[chain] = WrittenChain(text: texts[chain] ?? 0, rules: fingerprints[chain] ?? 0)
        }
        if marks == [marked.mark] { chains = marked }
    }

    /// Compares the elements, and returns false if they can't be repaired.
    private mutating func compareElements() throws(Failure) -> Bool {
        var count = 0
        var isSound = true
        try forEachElement { element, isRight in
            if element == nil { isSound = false }
            if isRight { count += 1 } else { element.map { result.removed.append($0) } }
        }
        guard isSound else { return false }
        guard count < rules.elements.count else { return true }
        // Most often all are there, and needn't be remembered.
        var missing = rules.elements
        result.removed = []
        try forEachElement { element, isRight in
            if isRight { element.map { missing[$0.key] = nil } } else { element.map { result.removed.append($0) } }
        }
        result.added = missing.map { PacketRules.Element($0.key, $0.value) }
        return true
    }

    private func forEachElement(_ body: (PacketRules.Element?, _ isRight: Bool) -> Void) throws(Failure) {
        for set in NamedSet.all {
            try reader.elements(of: set, inTable: table) { element in
                guard let element else { return body(nil, false) }
                let wanted = rules.elements[element.key]
                let isRight = wanted.map { element.has($0) } ?? false
                body(PacketRules.Element(element.key, isRight ? wanted ?? .none : element.plainValue), isRight)
            }
        }
    }
}

extension SeenChain.Hook {
    fileprivate func isLike(_ hook: Program.Hook?) -> Bool {
        guard let hook else { return false }
        return type == hook.type && point == hook.point.rawValue && priority == hook.priority
    }
}

extension SeenElement {
    /// Whether the value is one of the rules'.
    fileprivate func has(_ wanted: PacketRules.Value) -> Bool {
        switch (wanted, value) {
        case (.none, .some(Value.none)): true
        case (.endpoint(let wanted), .endpoint(let endpoint)): wanted == endpoint
        case (.sourceRanges(let wanted), .chain(let chain)): Names.chain(of: wanted) == chain
        default: false
        }
    }

    /// The value as rules have it; none if they have no such one.
    fileprivate var plainValue: PacketRules.Value {
        switch value {
        case .endpoint(let endpoint): .endpoint(endpoint)
        case .chain(let chain): Names.servicePort(ofChain: chain).map { .sourceRanges($0) } ?? .none
        case nil, .some(Value.none): .none
        }
    }
}
