/// A system call that failed.
public struct SystemError: Error, Hashable {
    /// The error number.
    public var errno: Int32

    /// The system call.
    public var call: SystemCall

    /// An error of a system call.
    public init(errno: Int32, call: SystemCall) { (self.errno, self.call) = (errno, call) }
}

/// A system call and its purpose. The same error number means different things for different calls.
public enum SystemCall: Hashable, Sendable {
    /// `open` of a file that refers to a network namespace.
    case openNamespace
    /// `setns`, which enters a network namespace.
    case enterNamespace
    /// `open` of any other file.
    case open

    /// `read`.
    case read

    /// `write`.
    case write
    /// `stat` and `fstat`.
    case status

    /// `ioctl`.
    case ioctl

    /// `socket`.
    case socket

    /// `getsockopt` and `setsockopt`.
    case socketOption
    /// `bind` and `getsockname`.
    case bind

    /// `connect`.
    case connect

    /// `send`.
    case send

    /// `recvfrom` and `recvmmsg`.
    case receive
    /// The allocation of memory for a message.
    case allocate
}

/// Calls a C function that returns a negative number and sets `errno` if it fails.
public func succeed<Result: SignedInteger>(
    _ call: SystemCall,
    _ body: () -> Result
) throws(SystemError) -> Result {
    let result = body()
    guard result >= 0 else { throw SystemError(errno: errno, call: call) }
    return result
}
