import Glibc
import IPVS

extension Compatible {
    /// Carries out lines as they are read, as `-R` does: those of one read together, as a batch.
    ///
    /// A change that the kernel refuses keeps no other line from being carried out, but a line that is wrong in itself
    /// does: nothing behind it is, but for ``UsageError/endsRestoring``. That is ipvsadm's rule. Each is told with its
    /// line's number.
    struct Restoring {
        private let session: Session
        private let parser: Parser
        private var lineNumber = 0
        private var batch = Handle.Batch()
        private var lineNumbers: [Int] = []

        /// Whether anything went wrong so far.
        private(set) var hasFailed = false

        init(_ session: Session) {
            self.session = session
            parser = Parser(names: session.names, dialect: .saved)
        }

        /// Carries out all that a file has; false if anything went wrong.
        static func run(_ session: Session, from descriptor: Int32) -> Bool {
            var restoring = Restoring(session)
            var text: [UInt8] = []
            while let bytes = restoring.read(descriptor) {
                // What follows the last end of a line is the start of another, or at the end a line.
                let newline = UInt8(ascii: "\n")
                guard let end = bytes.lastIndex(of: newline), !bytes.isEmpty else {
                    text += bytes
                    if bytes.isEmpty { break }
                    continue
                }
                text += bytes[...end]
                guard restoring.carryOut(text) else { return false }
                text = Array(bytes[(end + 1)...])
            }
            if !text.isEmpty { _ = restoring.carryOut(text) }
            return !restoring.hasFailed
        }

        /// What can be read now; empty at the end, nil if nothing can be read.
        private mutating func read(_ descriptor: Int32) -> [UInt8]? {
            while true {
                // An end leaves the error number as it was.
                var error: Int32 = 0
                let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                    let result = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                    if result < 0 { error = errno }
                    count = max(0, result)
                }
                if error == 0 { return bytes }
                guard error == EINTR else {
                    complain("can't read standard input: \(String(cString: strerror(error)))")
                    return nil
                }
            }
        }

        /// Carries out whole lines; false if none of those behind them may be.
        mutating func carryOut(_ bytes: [UInt8]) -> Bool {
            let text = String(decoding: bytes, as: UTF8.self)
            var lines = SaveForm.lines(of: text)
            if lines.last?.isEmpty == true { lines.removeLast() }
            for line in lines {
                lineNumber += 1
                guard let words = SaveForm.words(of: line) else { continue }
                do throws(UsageError) {
                    try carryOut(try parser.parse(words))
                } catch {
                    flush()
                    complain("line \(lineNumber): \(error)")
                    guard error.endsRestoring else { continue }
                    complain("the lines behind line \(lineNumber) were not carried out")
                    return false
                }
            }
            flush()
            return true
        }

        private mutating func carryOut(_ line: Line) throws(UsageError) {
            if batch.append(line.command) {
                lineNumbers.append(lineNumber)
                return
            }
            flush()
            do throws(IPVSError) {
                try session.perform(line.command)
            } catch {
                complain("line \(lineNumber): \(error)")
            }
        }

        /// Makes the changes that were gathered.
        private mutating func flush() {
            guard !batch.isEmpty else { return }
            do throws(IPVSError) {
                for failure in try session.handle.perform(batch).failures {
                    complain("line \(lineNumbers[failure.index]): \(failure.error)")
                }
            } catch {
                complain("\(error)")
            }
            batch = Handle.Batch()
            lineNumbers = []
        }

        private mutating func complain(_ sentence: String) {
            hasFailed = true
            session.output.complain(sentence)
        }
    }
}

extension Handle.Batch {
    /// Adds what a command changes; false if it can't be made with others.
    fileprivate mutating func append(_ command: Compatible.Command) -> Bool {
        switch command {
        case .add(let server): add(server)
        case .edit(let server): update(server)
        case .delete(let id): delete(id)
        case .addRealServer(let real, let id): add(real, to: id)
        case .editRealServer(let real, let id): update(real, of: id)
        case .deleteRealServer(let endpoint, let id): delete(endpoint, from: id)
        default: return false
        }
        return true
    }
}
