public import IPVS

/// One of the kernel's three timeouts of idle connections, which are settings of the network namespace.
public enum TimeoutSetting: Hashable, Sendable, CaseIterable {
    /// That of an established TCP connection.
    case tcp

    /// That of a TCP connection after a FIN.
    case tcpFIN

    /// That of UDP packets of a client.
    case udp
}

extension TimeoutSetting: CustomStringConvertible {
    /// The name: `TCP timeout`.
    public var description: String {
        switch self {
        case .tcp: "TCP timeout"
        case .tcpFIN: "TCP FIN timeout"
        case .udp: "UDP timeout"
        }
    }
}

extension TimeoutSetting {
    /// A change of a timeout, in seconds.
    public struct Change: Hashable, Sendable {
        /// Which timeout it is.
        public let setting: TimeoutSetting

        /// The old value.
        public let before: UInt32

        /// The new value.
        public let after: UInt32

        /// A change from one value to another.
        public init(_ setting: TimeoutSetting, before: UInt32, after: UInt32) {
            self.setting = setting
            self.before = before
            self.after = after
        }
    }

    /// A timeout that could not be set.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Which timeout it is.
        public let setting: TimeoutSetting

        /// The value, in seconds.
        public let value: UInt32

        /// Why the kernel doesn't have the value; nil if it has no such timeout, as it doesn't balance the protocol.
        public let error: IPVSError?

        /// The failure as a sentence.
        public var description: String {
            let reason = error?.reason ?? "this kernel's IPVS doesn't balance the protocol"
            return "can't set the \(setting) to \(value) s: \(reason)"
        }
    }

    /// What became of timeouts.
    public struct Outcome: Hashable, Sendable {
        /// Those that were changed.
        public internal(set) var changes: [Change] = []

        /// Those that could not be set.
        public internal(set) var failures: [Failure] = []
    }

    /// The value of this timeout among all three.
    var path: WritableKeyPath<Timeouts, UInt32?> {
        switch self {
        case .tcp: \.tcp
        case .tcpFIN: \.tcpFIN
        case .udp: \.udp
        }
    }
}
