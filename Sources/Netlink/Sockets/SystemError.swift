/// A system call that failed.
public struct SystemError: Error, Hashable {
    public var errno: Int32
    public var call: SystemCall

    public init(errno: Int32, call: SystemCall) { (self.errno, self.call) = (errno, call) }
}

/// What a system call was made for. The same error number means different things for different calls.
public enum SystemCall: Hashable, Sendable {
    /// `open` of a file that refers to a network namespace.
    case openNamespace
    /// `setns`, which enters a network namespace.
    case enterNamespace
    /// `open` of any other file.
    case open
    case read
    case write
    /// `stat` and `fstat`.
    case status
    case ioctl
    case socket
    case socketOption
    /// `bind` and `getsockname`.
    case bind
    case send
    case receive
    /// The memory for a message.
    case allocate
}

/// Calls a function of C's that returns a negative number and sets `errno` when it fails.
public func succeed<Result: SignedInteger>(
    _ call: SystemCall,
    _ body: () -> Result
) throws(SystemError) -> Result {
    let result = body()
    guard result >= 0 else { throw SystemError(errno: errno, call: call) }
    return result
}
