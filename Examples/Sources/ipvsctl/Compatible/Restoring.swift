import Common
import Glibc
import IPVS

extension Compatible {
    /// Runs commands as they are read, as `-R` does. The lines of one read are a batch.
    ///
    /// A change that the kernel refuses doesn't stop the following lines. An invalid line does, except as described at
    /// ``UsageError/endsRestoring``. That is ipvsadm's rule. Each error is reported with its line number.
    struct Restoring {
        private let session: Session
        private let parser: Parser
        private var lineNumber = 0
        private var batch = Handle.Batch()
        private var lines: [(number: Int, command: Command)] = []

        /// What the lines have changed.
        private var parts = RestoredParts()

        /// Whether anything has failed.
        var hasFailed: Bool { errorCount > 0 }

        private var errorCount = 0
        private var isAtStart = true

        /// The lock on the table, once there is something to do. A pipe can be silent for long, and nobody has to wait for it.
        private var lock: TableLock?

        init(_ session: Session) {
            self.session = session
            parser = Parser(names: session.names, dialect: .saved)
        }

        /// Runs all lines of a file. Returns false if anything failed.
        ///
        /// - Throws: `IPVSError` with `tableLocked` if others change the table for too long; nothing is changed then.
        static func run(_ session: Session, from descriptor: Int32) throws(IPVSError) -> Bool {
            var restoring = Restoring(session)
            defer { restoring.lock?.release() }
            try restoring.carryOutAll(from: descriptor)
            restoring.compareParts()
            restoring.countRest()
            return !restoring.hasFailed
        }

        /// Runs all lines of a file.
        private mutating func carryOutAll(from descriptor: Int32) throws(IPVSError) {
            var text: [UInt8] = []
            while let bytes = read(descriptor) {
                if lock == nil, !bytes.isEmpty {
                    let complain = session.output.complain
                    lock = try session.handle.lockTable(.exclusive, waiting: Handle.usualWait, complain)
                }
                // Bytes after the last line break are the beginning of a line, or at the end of the file a line.
                let newline = UInt8(ascii: "\n")
                guard let end = bytes.lastIndex(of: newline), !bytes.isEmpty else {
                    text += bytes
                    if bytes.isEmpty || text.count > SaveForm.longestLine { break }
                    continue
                }
                text += bytes[...end]
                guard carryOut(text) else { return }
                text = Array(bytes[(end + 1)...])
            }
            if !text.isEmpty { _ = carryOut(text) }
        }

        /// Compares what the lines have changed with the kernel's table.
        private mutating func compareParts() {
            guard !parts.isEmpty else { return }
            do throws(IPVSError) {
                let count = parts.differences(from: try session.handle.table())
                guard count > 0 else { return }
                let entries = count == 1 ? "1 entry is" : "\(count) entries are"
                complain("another program has changed the table meanwhile: \(entries) not as the lines say")
            } catch {
                complain("\(error)")
            }
        }

        /// The bytes that can be read now; empty at the end, and nil after an error.
        private mutating func read(_ descriptor: Int32) -> [UInt8]? {
            while true {
                // At the end, errno is not changed.
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

        /// Runs whole lines. Returns false if no further line may be run.
        mutating func carryOut(_ bytes: [UInt8]) -> Bool {
            let text: String
            do throws(FileError) {
                text = String(decoding: try withoutMark(bytes), as: UTF8.self)
            } catch {
                complain("standard input \(error.reason)")
                return false
            }
            var lines = SaveForm.lines(of: text)
            if lines.last?.isEmpty == true { lines.removeLast() }
            for line in lines {
                lineNumber += 1
                guard let words = SaveForm.words(of: line) else { continue }
                do throws(UsageError) {
                    try SaveForm.check(line)
                    try carryOut(try parser.parse(words))
                } catch {
                    flush()
                    complain("line \(lineNumber): \(error)")
                    guard error.endsRestoring else { continue }
                    session.output.complain("the lines behind line \(lineNumber) were not carried out")
                    return false
                }
            }
            flush()
            return true
        }

        private mutating func carryOut(_ line: Line) throws(UsageError) {
            if batch.append(line.command) {
                lines.append((lineNumber, line.command))
                return
            }
            flush()
            do throws(IPVSError) {
                try session.perform(line.command)
                parts.record(line.command)
            } catch {
                complain("line \(lineNumber): \(error)")
            }
        }

        /// Makes the collected changes.
        private mutating func flush() {
            guard !batch.isEmpty else { return }
            do throws(IPVSError) {
                let failures = try session.handle.perform(batch).failures
                for failure in failures { complain("line \(lines[failure.index].number): \(failure.error)") }
                var failed = failures.map(\.index)[...]
                for (index, line) in lines.enumerated() {
                    if failed.first == index { failed.removeFirst() } else { parts.record(line.command) }
                }
            } catch {
                complain("\(error)")
            }
            batch = Handle.Batch()
            lines = []
        }

        /// The bytes behind a byte order mark, which can be at the start of the input.
        private mutating func withoutMark(_ bytes: [UInt8]) throws(FileError) -> ArraySlice<UInt8> {
            guard isAtStart else { return bytes[...] }
            isAtStart = false
            return try TextStart.check(bytes[...])
        }

        /// Reports an error, unless there are many already.
        private mutating func complain(_ sentence: String) {
            errorCount += 1
            if errorCount <= Self.reportedErrors { session.output.complain(sentence) }
        }

        /// Reports how many errors were not reported.
        private func countRest() {
            let count = errorCount - Self.reportedErrors
            if count > 0 { session.output.complain(count == 1 ? "and 1 more error" : "and \(count) more errors") }
        }

        private static let reportedErrors = 20
    }
}

extension Handle.Batch {
    /// Adds the change of a command. Returns false if it can't be a part of a batch.
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
