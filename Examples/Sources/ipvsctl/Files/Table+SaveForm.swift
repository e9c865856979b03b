import Common
import IPVS

extension Table {
    /// Reads a table from the lines of `ipvsadm -S`. Only with a comment, it may have no virtual servers.
    init(saved text: String) throws(TableFile.Refusal) {
        let document: SaveForm.Document
        do throws(SaveForm.ReadingError) {
            document = try SaveForm.Document(text)
        } catch {
            throw TableFile.Refusal(error.all.map { FileError(line: $0.line, reason: $0.reason) })
        }
        guard document.hasContent else { throw TableFile.Refusal(TableFile.emptiness) }
        self = document.table
        let invalid = invalidValues.map { error in
            let line = document.line(of: error.operation.virtualServer, error.operation.realServer)
            return FileError(line: line, reason: error.reason)
        }
        guard invalid.isEmpty else { throw TableFile.Refusal(Several(invalid)) }
    }
}
