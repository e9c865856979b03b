import IPVS
import IPVSProxy

/// Writes a difference as scripts, each of which is one transaction of the kernel.
struct DifferenceWriter {
    /// How many elements and source ranges are changed in one transaction. The library needs a kilobyte or more for each.
    static let limit = 2_000

    private var script: Script
    private let isCreated: Bool
    private let comment: String

    /// The changes in the script so far.
    private var count = 0

    private let run: (inout Script) throws(PacketFilterError) -> Void

    /// A writer whose scripts are passed to a function.
    ///
    /// - Parameters:
    ///   - script: A script for the table, whose memory is used again and again.
    ///   - comment: The comment of the table, if it is made.
    ///   - run: Runs a script.
    init(_ script: consuming Script, comment: String, run: @escaping (inout Script) throws(PacketFilterError) -> Void) {
        self.script = script
        self.script.removeAll()
        self.comment = comment
        self.run = run
        isCreated = false
    }

    /// Writes a difference. What is needed by other parts comes before them, and what they no longer need after them.
    mutating func write(_ difference: PacketRules.Difference) throws(PacketFilterError) -> Script {
        if difference.isFromScratch { return try writeAnew(difference) }
        for (name, blocks) in difference.writtenRanges.sorted(by: { $0.key < $1.key }) {
            put(blocks, of: name)
            try add(1 + blocks.count)
        }
        // The values of a map's elements are replaced in one transaction.
        let added = Set(difference.removed.isEmpty ? [] : difference.added.lazy.map(\.key))
        let replaced = Set(difference.removed.lazy.map(\.key).filter(added.contains))
        try write("add", difference.added, replacing: replaced)
        if let options = difference.options { Program(options).write(to: &script) }
        let removed = replaced.isEmpty ? difference.removed : difference.removed.filter { !replaced.contains($0.key) }
        try write("delete", removed)
        for name in difference.removedRanges {
            script.command("delete chain", Names.chain(of: name))
            try add(1)
        }
        try finish()
        return script
    }

    /// Makes the table anew. One that was there before is gone with the first transaction, so all that protects is in it, and
    /// no failure later on leaves services without that.
    private mutating func writeAnew(_ difference: PacketRules.Difference) throws(PacketFilterError) -> Script {
        script.create(comment: comment)
        var changes = 0
        for (name, blocks) in difference.writtenRanges.sorted(by: { $0.key < $1.key }) {
            put(blocks, of: name)
            changes += 1 + blocks.count
        }
        let restricted = Dictionary(grouping: difference.added.filter(\.key.isRestricted)) { NamedSet(of: $0.key) }
        for set in NamedSet.all {
            guard let elements = restricted[set] else { continue }
            script.elements("add", set, elements, valued: true)
            changes += elements.count
        }
        if let options = difference.options { Program(options).write(to: &script) }
        try add(changes)
        try write("add", difference.added.filter { !$0.key.isRestricted })
        try finish()
        return script
    }

    private mutating func put(_ blocks: [IPAddress.Block], of name: ServicePortName) {
        let chain = Names.chain(of: name)
        script.command("add chain", chain)
        script.command("flush chain", chain)
        script.rules(chain, SourceRanges.rules(blocks))
    }

    private mutating func write(
        _ verb: String,
        _ elements: [PacketRules.Element],
        replacing replaced: Set<PacketRules.Key> = []
    ) throws(PacketFilterError) {
        guard !elements.isEmpty else { return }
        var buckets = [[PacketRules.Element]](repeating: [], count: NamedSet.all.count)
        for element in elements { buckets[NamedSet(of: element.key).index].append(element) }
        for set in Self.order {
            var rest = buckets[set.index][...]
            while !rest.isEmpty {
                let part = rest.prefix(Self.limit - count)
                rest = rest.dropFirst(part.count)
                if set.values != .none, !replaced.isEmpty {
                    let former = part.filter { replaced.contains($0.key) }
                    if !former.isEmpty { script.elements("delete", set, former, valued: false) }
                }
                script.elements(verb, set, part, valued: verb == "add")
                try add(part.count)
            }
        }
    }

    /// The order of the sets in a difference of several transactions: what refuses connections comes first, and the addresses
    /// come last, as all ports of an address that are in no set are refused.
    private static let order = NamedSet.all.sorted { ($0.step, $0.index) < ($1.step, $1.index) }

    private mutating func add(_ changes: Int) throws(PacketFilterError) {
        count += changes
        if count >= Self.limit { try finish() }
    }

    private mutating func finish() throws(PacketFilterError) {
        guard !script.isEmpty else { return }
        try run(&script)
        script.removeAll()
        count = 0
    }
}

extension NamedSet {
    fileprivate var step: Int {
        switch kind {
        case .restricted: 0
        case .unserved, .refused: 1
        case .clusterIPs, .external, .local, .redirects, .hairpins, .healthCheckPorts: 2
        case .addresses: 3
        }
    }
}

extension PacketRules.Key {
    fileprivate var isRestricted: Bool {
        if case .restricted = self { true } else { false }
    }
}

extension Script {
    /// Makes the table anew, with empty sets and maps.
    mutating func create(comment: String) {
        // It can only be deleted if it is there, and it is if it was just added.
        line("add table \(table)")
        line("delete table \(table)")
        line("add table \(table) { comment \"\(comment)\"; }")
        for set in NamedSet.all { command(set.values == .none ? "add set" : "add map", set.declaration) }
    }
}
