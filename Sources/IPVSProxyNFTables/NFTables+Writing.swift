import IPVS
public import IPVSProxy
import Netlink

extension NFTables {
    /// Changes the rules; see `PacketFilter`.
    public func write(_ difference: PacketRules.Difference) throws(PacketFilterError) {
        guard !difference.isEmpty else { return }
        if let problem = difference.options?.pods.problem {
            throw PacketFilterError(.refused, "can't write the packet rules: \(problem)")
        }
        try state.withLock { (state) throws(PacketFilterError) in
            // Until all is written, what is known is void.
            let known = state.generation
            state.generation = nil
            state.forget(difference)
            let before = try generation()
            var transactions: UInt32 = 0
            var writer = DifferenceWriter(state.script ?? Script(table: table), comment: comment) {
                (script) throws(PacketFilterError) in
                try self.run(&script)
                transactions += 1
            }
            state.script = try writer.write(difference)
            try remember(difference, in: &state, since: before, transactions)
            // Others may have changed something before, and would be overlooked.
            if known != before { state.generation = nil }
        }
    }

    /// Removes the table; see `PacketFilter`.
    public func remove() throws(PacketFilterError) -> Bool {
        try state.withLock { (state) throws(PacketFilterError) in
            state = State()
            guard try exists() else { return false }
            var script = Script(table: table)
            script.line("delete table \(script.table)")
            try run(&script, to: "remove the packet rules")
            return true
        }
    }

    /// Runs a script as a transaction.
    private func run(_ script: inout Script, to operation: String = "write the packet rules") throws(PacketFilterError)
    {
        if let text = try dryRun(&script, to: operation, isDry: false) {
            throw PacketFilterError(operation, refused: text)
        }
    }

    /// Runs a script, or lets the kernel check it, and returns what was said about errors.
    func dryRun(_ script: inout Script, to operation: String, isDry: Bool = true) throws(PacketFilterError) -> String? {
        do throws(SystemError) {
            return try script.withTerminated { (bytes) throws(SystemError) in try library.run(bytes, isDry: isDry) }
        } catch {
            throw PacketFilterError(operation, error)
        }
    }

    /// Notes what was written, and marks the table, unless others have changed rules meanwhile.
    private func remember(
        _ difference: PacketRules.Difference,
        in state: inout State,
        since before: UInt32,
        _ transactions: UInt32
    ) throws(PacketFilterError) {
        var texts = SourceRanges.texts(difference.writtenRanges)
        if let options = difference.options { texts.merge(Program(options).texts) { $1 } }
        // What can't be read now is written again the next time.
        guard let found = try? fingerprints(of: texts.keys) else { return }
        guard try generation() == before &+ transactions else { return }
        for (chain, text) in texts { state.chains[chain] = WrittenChain(text: text, rules: found[chain] ?? 0) }
        state.generation = before &+ transactions
        guard !texts.isEmpty || !difference.removedRanges.isEmpty else { return }
        let mark = state.chains.mark
        var script = Script(table: table)
        // Also if it is the same, as others may have added rules to it.
        for former in state.marks { script.command("delete chain", former) }
        script.command("add chain", mark)
        state.generation = nil
        try run(&script)
        (state.marks, state.generation) = ([mark], before &+ transactions &+ 1)
    }

    private func fingerprints(of chains: some Collection<String>) throws(RulesetReader.Failure) -> [String: UInt64] {
        guard chains.count <= 16 else { return try reader.fingerprints(ofTable: table) }
        var found: [String: UInt64] = [:]
        for chain in chains { found.merge(try reader.fingerprints(ofTable: table, chain: chain)) { $1 } }
        return found
    }

    /// The number of the last transaction.
    func generation() throws(PacketFilterError) -> UInt32 {
        do throws(RulesetReader.Failure) {
            return try reader.generation()
        } catch {
            throw PacketFilterError("read the packet rules", error)
        }
    }
}

extension NFTables.State {
    /// Forgets what was known about the parts that a difference writes.
    fileprivate mutating func forget(_ difference: PacketRules.Difference) {
        if difference.isFromScratch { self = Self(script: script) }
        if difference.options != nil {
            for chain in Program.hooks.keys { chains[chain] = nil }
        }
        for name in difference.removedRanges + Array(difference.writtenRanges.keys) {
            chains[Names.chain(of: name)] = nil
        }
    }
}
