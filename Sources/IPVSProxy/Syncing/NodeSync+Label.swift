import IPVS
import IPVSNode

// The interface's label, the mark that goes with its name, and the kernel settings that the label records.

extension NodeSync {
    /// What the interface's alias says, or has to say; nil if the interface is kube-proxy's, which is taken over.
    ///
    /// - Throws: `AddressError` where the interface is somebody else's. Of other proxies only kube-proxy is known, which gives
    ///   its interface no alias. An interface that nobody uses may be used.
    func readLabel() throws(AddressError) -> InterfaceLabel? {
        // One that was seen before is the proxier's own, even if others have replaced it or taken its alias away.
        if let label { return label }
        guard let alias = try kernel.binder.alias() else { return InterfaceLabel() }
        if let label = readLabel(alias) { return label }
        let interface = configuration.interface
        guard alias.isEmpty else { throw AddressError(.notOwned, .useInterface(interface)) }
        guard try kernel.binder.hasAddresses(besides: []) else { return InterfaceLabel() }
        guard interface != AddressBinder.defaultInterface else { return nil }
        throw AddressError(.notOwned, .useInterface(interface))
    }

    /// Reads an alias; nil if it is not a label.
    func readLabel(_ alias: String) -> InterfaceLabel? {
        InterfaceLabel(alias, restoring: RestorableSettings(configured: configuration.sysctls))
    }

    /// Writes the interface's alias; makes the interface if it is not there.
    ///
    /// - Returns: Whether it had to be made.
    @discardableResult
    func write(_ label: InterfaceLabel) throws(AddressError) -> Bool {
        let alias = try kernel.binder.alias()
        guard alias != label.description else {
            self.label = label
            return false
        }
        let isMade = try kernel.binder.setAlias(label.description)
        if self.label == nil, !InterfaceLabel.isLabel(alias ?? "") { try verifyMark(orRestore: alias) }
        self.label = label
        return isMade
    }

    /// Changes the kernel settings that need it, after the label has recorded their old values.
    func changeSettings(noting label: inout InterfaceLabel, _ report: inout SyncReport) throws {
        let planned = (sysctls: kernel.sysctls.check(configuration.sysctls), timeouts: try checkTimeouts())
        (report.settings, report.timeouts) = planned
        guard !planned.sysctls.changes.isEmpty || !planned.timeouts.changes.isEmpty else { return }
        let before = label
        label.note(planned.sysctls.changes)
        label.note(planned.timeouts.changes)
        try write(label)
        let made = (sysctls: kernel.sysctls.ensure(configuration.sysctls), timeouts: try ensureTimeouts())
        (report.settings, report.timeouts) = made
        if made.sysctls.changes != planned.sysctls.changes || made.timeouts.changes != planned.timeouts.changes {
            // Whoever makes a change that failed here does not want it restored.
            label = before
            label.note(made.sysctls.changes)
            label.note(made.timeouts.changes)
            try write(label)
        }
    }
}

// MARK: - Two interfaces with one mark

extension NodeSync {
    /// Checks that no other proxier of the node has the same mark, as each would delete the virtual servers of the other.
    ///
    /// The proxier whose interface is labeled first keeps the mark. If both were labeled at the same moment, the one with the
    /// lesser name keeps it.
    ///
    /// - Throws: `AddressError` with `notOwned`, which names the other interface.
    func verifyMark() throws(AddressError) {
        guard let other = try interfaceWithSameMark() else { return }
        if try isLabeled, configuration.interface < other { return }
        throw markError(other)
    }

    /// Checks the same when the interface has just been labeled, as another one may have been labeled at that moment. If this
    /// one has to yield, it gets its old alias again; without one it is removed.
    private func verifyMark(orRestore alias: String?) throws(AddressError) {
        guard let other = try interfaceWithSameMark(), configuration.interface > other else { return }
        if let alias { try kernel.binder.setAlias(alias) } else { try kernel.binder.removeInterface() }
        throw markError(other)
    }

    /// The name of another proxier's interface that has the same mark; the least one of several.
    private func interfaceWithSameMark() throws(AddressError) -> String? {
        try othersInterfaces().filter { Ownership.mark(for: $0) == ownership.mark }.min()
    }

    /// The marks of the node's other proxiers, by their interfaces.
    func othersMarks() throws(AddressError) -> Set<VirtualServer.Flags> {
        Set(try othersInterfaces().map(Ownership.mark))
    }

    /// The names of the interfaces of the node's other proxiers.
    private func othersInterfaces() throws(AddressError) -> [String] {
        try kernel.binder.dummies().map { ($0.name, $0.alias) }.filter { name, alias in
            name != configuration.interface && InterfaceLabel.isLabel(alias)
        }
        .map(\.0)
    }

    private var isLabeled: Bool {
        get throws(AddressError) {
            if label != nil { return true }
            return InterfaceLabel.isLabel(try kernel.binder.alias() ?? "")
        }
    }

    private func markError(_ other: String) -> AddressError {
        let detail = """
            virtual servers would have the same mark as those of the proxier with the interface \(other); choose another name
            """
        return AddressError(.notOwned, .useInterface(configuration.interface), detail: detail)
    }
}
