extension InMemoryKernel {
    /// Something that goes wrong with a command or its answer, once.
    ///
    ///     kernel.inject(.errno(ENOMEM), at: 3)
    public struct Fault: Hashable, Sendable {
        enum Kind: Hashable {
            case errno(Int32)
            case lostAnswer
            case overrun
            case interruption
            case wrongSequence
            case wrongPort
            case otherSender
            case truncatedAnswer
            case malformedAnswer
            case shortAnswer
            case lateAnswer
            case brokenSocket
            case changedList
            case movedEntries
            case listError(Int32)
            case doubledAnswer
            case delay(Duration)
        }

        let kind: Kind

        /// The kernel refuses the command with an error number of the C library, such as `ENOMEM`, and changes nothing.
        ///
        /// - Parameter number: The error number, which is positive.
        /// - Returns: The fault.
        public static func errno(_ number: Int32) -> Fault {
            precondition(number > 0, "an error number is positive")
            return Fault(kind: .errno(number))
        }

        /// The kernel executes the command, and its answer never arrives. The handle does not wait for it.
        public static let lostAnswer = Fault(kind: .lostAnswer)

        /// The kernel executes the command, and there is no room for its answer: the handle gets `ENOBUFS` instead.
        public static let overrun = Fault(kind: .overrun)

        /// A signal interrupts the handle while it waits for the answer: it gets `EINTR` first.
        public static let interruption = Fault(kind: .interruption)

        /// Before the answer, an error arrives that answers an earlier command.
        public static let wrongSequence = Fault(kind: .wrongSequence)

        /// Before the answer, an error arrives that is addressed to another socket.
        public static let wrongPort = Fault(kind: .wrongPort)

        /// Before the answer, an error arrives that another process has sent.
        public static let otherSender = Fault(kind: .otherSender)

        /// The answer is longer than the memory that the handle has for it, so that its end is missing.
        public static let truncatedAnswer = Fault(kind: .truncatedAnswer)

        /// The last bytes of the answer are missing.
        public static let malformedAnswer = Fault(kind: .malformedAnswer)

        /// Of the answer, only the first bytes arrive, fewer than a message has at least.
        public static let shortAnswer = Fault(kind: .shortAnswer)

        /// The answer arrives after the handle has given up waiting for it: it gets `EAGAIN` first.
        public static let lateAnswer = Fault(kind: .lateAnswer)

        /// The kernel executes the command, and nothing can be received from the socket: the handle gets `EBADF`.
        public static let brokenSocket = Fault(kind: .brokenSocket)

        /// The kernel says that a list changed while it was read (`NLM_F_DUMP_INTR`). Commands that list nothing have no fault.
        public static let changedList = Fault(kind: .changedList)

        /// The entries of a list move while it is read: the first one arrives twice, and one of the others not at all. Nothing
        /// marks the list. Since Linux 7, this happens when the hash table of virtual servers grows or shrinks. Commands that
        /// list nothing have no fault.
        public static let movedEntries = Fault(kind: .movedEntries)

        /// A list ends after its first entry with an error number of the C library, such as `ENOMEM`. Commands that list nothing
        /// have no fault.
        ///
        /// - Parameter number: The error number, which is positive.
        /// - Returns: The fault.
        public static func listError(_ number: Int32) -> Fault {
            precondition(number > 0, "an error number is positive")
            return Fault(kind: .listError(number))
        }

        /// The answer arrives twice.
        public static let doubledAnswer = Fault(kind: .doubledAnswer)

        /// The answer arrives late. The handle's thread waits for it.
        ///
        /// - Parameter time: How late.
        /// - Returns: The fault.
        public static func delay(_ time: Duration) -> Fault { Fault(kind: .delay(time)) }

        /// The faults that are the same each time, for tests with all of them.
        public static let allAnswerFaults: [Fault] = [
            .lostAnswer, .overrun, .interruption, .wrongSequence, .wrongPort, .otherSender, .truncatedAnswer,
            .malformedAnswer, .shortAnswer, .lateAnswer, .brokenSocket, .changedList, .movedEntries, .doubledAnswer,
        ]
    }
}
