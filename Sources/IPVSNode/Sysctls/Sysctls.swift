public import IPVS
import Netlink

/// The settings of a network namespace's kernel, below `/proc/sys/net`.
///
///     let outcome = Sysctls().ensure(Sysctl.ipvsMode(strictARP: true))
///     ...
///     Sysctls().restore(outcome.changes)
///
/// Settings of the kernel belong to nobody: others may need what was set here, or may set it too. So a value is written
/// only where it differs, and ``restore(_:)`` writes a value back only where nobody has changed it since.
///
/// What was changed is known to the process that changed it. One that is started anew finds everything set, changes nothing,
/// and so has nothing to restore; who wants to restore across restarts has to keep the ``Change``s, which can be coded.
public struct Sysctls: Sendable {
    private let files: any SysctlFiles

    /// The settings of the network namespace that the calling thread is in, wherever threads go after that.
    public init() { files = KernelSysctlFiles(namespace: nil) }

    /// The settings of another network namespace, which is kept alive; no thread of the caller's enters it. It takes
    /// `CAP_SYS_ADMIN`. If there is no such namespace, each call says so.
    public init(namespace: NetworkNamespace) { files = KernelSysctlFiles(namespace: namespace) }

    package init(files: any SysctlFiles) { self.files = files }

    /// A setting that was changed.
    public struct Change: Hashable, Sendable, Codable {
        /// The name of the setting.
        public let name: String

        /// The value that it had.
        public let before: Int

        /// The value that it was given.
        public let after: Int

        /// A change of a setting from a value to another one.
        public init(name: String, before: Int, after: Int) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    /// What became of settings that were to have a value.
    public struct Outcome: Hashable, Sendable {
        /// Those that had another value and were changed, in their order.
        public internal(set) var changes: [Change] = []

        /// Those that this kernel does not have: it is older, or lacks a module.
        public internal(set) var missing: [String] = []

        /// Those that could not be read or changed.
        public internal(set) var failures: [SysctlError] = []

        /// Nothing changed, missing or failed.
        public init() {}
    }

    /// The value of a setting; nil if this kernel does not have it.
    /// - Throws: ``SysctlError``.
    public func value(of name: String) throws(SysctlError) -> Int? {
        do throws(SysctlError) {
            return try read(name)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// What ``ensure(_:)`` would change, without changing it.
    public func check(_ settings: [Sysctl]) -> Outcome { ensure(settings, write: { _ throws(SysctlError) in }) }

    /// Gives settings their values where they have others. One that is missing or fails does not keep the others from being
    /// set.
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

    /// Takes changes back, the last one first. A setting that has another value by now than it was given is left alone:
    /// somebody else has changed it since.
    ///
    /// `net.ipv4.ip_forward` and the settings below `conf.all` are not single values to the kernel: writing them changes
    /// all interfaces, those with a value of their own too, which can't be restored.
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
    /// The outcome without what was changed.
    package var trouble: Self {
        var trouble = self
        trouble.changes = []
        return trouble
    }

    /// Notes what comes of one setting.
    fileprivate mutating func note(_ name: String, _ body: () throws(SysctlError) -> Sysctls.Change?) {
        do throws(SysctlError) {
            if let change = try body() { changes.append(change) }
        } catch {
            if error.isMissing { missing.append(name) } else { failures.append(error) }
        }
    }
}
