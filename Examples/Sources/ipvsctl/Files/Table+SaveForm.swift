import IPVS

extension Table {
    /// Reads a table from the lines of `ipvsadm -S`; one without lines is an empty table.
    init(saved text: String) throws(TableFile.Refusal) {
        do throws(SaveForm.ReadingError) {
            self = try SaveForm.read(text)
        } catch {
            throw TableFile.Refusal(error.errors.map { FileError(line: $0.line, reason: $0.reason) })
        }
        let invalid = invalidValues
        guard invalid.isEmpty else {
            let lines = Self.lines(of: text)
            throw TableFile.Refusal(
                invalid.map { error in
                    let line = lines[Subject(id: error.operation.virtualServer, real: error.operation.realServer)]
                    return FileError(line: line, field: error.field, reason: error.reason)
                }
            )
        }
    }

    /// What a line is about: a virtual server, or one of its real servers.
    private struct Subject: Hashable {
        let id: VirtualServer.Identity?
        let real: Endpoint?
    }

    /// Which line of a good text is about what.
    private static func lines(of text: String) -> [Subject: Int] {
        let parser = Compatible.Parser(dialect: .saved)
        var lines: [Subject: Int] = [:]
        for (index, line) in SaveForm.lines(of: text).enumerated() {
            guard let words = SaveForm.words(of: line) else { continue }
            switch try? parser.parse(words).command {
            case .add(let server): lines[Subject(id: server.id, real: nil)] = index + 1
            case .addReal(let real, let id): lines[Subject(id: id, real: real.endpoint)] = index + 1
            default: break
            }
        }
        return lines
    }
}
