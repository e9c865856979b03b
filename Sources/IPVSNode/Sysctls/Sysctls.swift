public import IPVS
import Netlink

/// The sysctls of a network namespace, below `/proc/sys/net`.
///
///     let outcome = Sysctls().ensure(Sysctl.ipvsMode(strictARP: true))
///     ...
///     Sysctls().restore(outcome.changes)
///
/// Other programs may need or set the same sysctls. Therefore a value is written only if it differs, and
/// ``restore(_:)`` restores it only if it was not changed again.
///
/// Only the process that changed a value knows the old one. After a restart, a program finds all values set and changes
/// nothing. To restore values after a restart, store the ``Change`` values, which are `Codable`.
public struct Sysctls: Sendable {
    private let files: any SysctlFiles

    /// The sysctls of the calling thread's network namespace, even if threads enter other namespaces later.
    public init() { files = KernelSysctlFiles(namespace: nil) }

    /// The sysctls of another network namespace, which is kept alive and which the caller's threads don't enter. This
    /// needs `CAP_SYS_ADMIN`. If there is no such namespace, each call reports that.
    public init(namespace: NetworkNamespace) { files = KernelSysctlFiles(namespace: namespace) }

    package init(files: any SysctlFiles) { self.files = files }

    /// A change of a sysctl.
    public struct Change: Hashable, Sendable, Codable {
        /// The name of the sysctl.
        public let name: String

        /// The old value.
        public let before: Int

        /// The new value.
        public let after: Int

        /// A change from one value to another.
        public init(name: String, before: Int, after: Int) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    /// The result of setting sysctls.
    public struct Outcome: Hashable, Sendable {
        /// The sysctls that were changed, in their order.
        public internal(set) var changes: [Change] = []

        /// The sysctls that the kernel doesn't have, because it is older or a module is not loaded.
        public internal(set) var missing: [String] = []

        /// The errors of sysctls that could not be read or changed.
        public internal(set) var failures: [SysctlError] = []

        /// A result without changes and errors.
        public init() {}
    }

    /// The value of a sysctl, or nil if the kernel doesn't have it.
    /// - Throws: ``SysctlError``.
    public func value(of name: String) throws(SysctlError) -> Int? {
        do throws(SysctlError) {
            return try read(name)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Returns what ``ensure(_:)`` would change, without changing anything.
    public func check(_ settings: [Sysctl]) -> Outcome { ensure(settings, write: { _ throws(SysctlError) in }) }

    /// Sets sysctls whose values differ. One that is missing or fails doesn't stop the others.
    public func ensure(_ settings: [Sysctl]) -> Outcome { ensure(settings, write: write) }

    private func ensure(_ settings: [Sysctl], write: (Sysctl) throws(SysctlError) -> Void) -> Outcome {
        var outcome = Outcome()
        for setting in settings {
            outcome.note(setting.name) { () throws(SysctlError) in
                let before = try read(setting.name)
                guard before != setting.value else { return nil }
                try write(setting)
                return Change(name: setting.name, before: before, after: setting.value)
            }
        }
        return outcome
    }

    /// Reverts changes, in reverse order. A sysctl that no longer has the new value is left alone, as another program
    /// has changed it.
    ///
    /// Writing `net.ipv4.ip_forward` or a sysctl below `conf.all` changes all interfaces, including those with their
    /// own values. These can't be restored.
    public func restore(_ changes: [Change]) -> Outcome {
        var outcome = Outcome()
        for change in changes.reversed() {
            outcome.note(change.name) { () throws(SysctlError) in
                guard try read(change.name) == change.after else { return nil }
                try write(Sysctl(change.name, change.before))
                return Change(name: change.name, before: change.after, after: change.before)
            }
        }
        return outcome
    }

    private func read(_ name: String) throws(SysctlError) -> Int {
        let text: String
        do throws(SystemError) {
            text = try files.read(Sysctl(name, 0).path)
        } catch {
            throw SysctlError("read", name, in: files.namespace, error)
        }
        guard let value = Int(text) else { throw SysctlError(notANumber: text, name) }
        return value
    }

    private func write(_ setting: Sysctl) throws(SysctlError) {
        do throws(SystemError) {
            try files.write("\(setting.value)", to: setting.path)
        } catch {
            throw SysctlError("write", setting.name, in: files.namespace, error)
        }
    }
}

extension Sysctls.Outcome {
    /// The result without the changes.
    package var trouble: Self {
        var trouble = self
        trouble.changes = []
        return trouble
    }

    /// Records the result of one sysctl.
    fileprivate mutating func note(_ name: String, _ body: () throws(SysctlError) -> Sysctls.Change?) {
        do throws(SysctlError) {
            if let change = try body() { changes.append(change) }
        } catch {
            if error.isMissing { missing.append(name) } else { failures.append(error) }
        }
    }
}
