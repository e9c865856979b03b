import Glibc

/// What one receive of a socket gets: a datagram or an error.
///
/// The first byte of a step says what it is:
///
/// - Bits 0 and 1: a datagram (0), or the error `EINTR` (1), `ENOBUFS` (2) or `EAGAIN` (3).
/// - Bit 2: its messages look like answers to the request, or a reader would ignore nearly all of them.
/// - Bit 3: another process has sent it.
/// - Bit 4: it is longer than the buffer, with zeros at its end.
/// - Bit 5: it is there at the same time as the one before.
///
/// A datagram follows, with its length in two bytes before it.
struct ReceiveStep: Sendable {
    /// The error number; nil for a datagram.
    let errno: Int32?

    /// The datagram.
    let bytes: [UInt8]

    let isAnswer, isForeign, isTooLong, isTogether: Bool

    /// Takes a step.
    private init(_ input: inout FuzzInput) {
        let kind = input.byte()
        errno = [nil, EINTR, ENOBUFS, EAGAIN][Int(kind & 3)]
        bytes = errno == nil ? input.bytes(Int(input.byte()) | Int(input.byte()) << 8) : []
        isAnswer = kind & 4 != 0
        isForeign = kind & 8 != 0
        isTooLong = kind & 16 != 0
        isTogether = kind & 32 != 0 && errno == nil
    }

    /// All steps of a script.
    static func all(of script: some Sequence<UInt8>) -> [ReceiveStep] {
        var input = FuzzInput(script)
        var steps: [ReceiveStep] = []
        while !input.rest.isEmpty { steps.append(ReceiveStep(&input)) }
        return steps
    }
}
