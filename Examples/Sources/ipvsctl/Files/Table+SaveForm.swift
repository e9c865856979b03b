import Common
import IPVS

extension Table {
    /// Reads a table from the lines of `ipvsadm -S`; one without lines is an empty table.
    init(saved text: String) throws(TableFile.Refusal) {
        let document: SaveForm.Document
        do throws(SaveForm.ReadingError) {
            document = try SaveForm.Document(text)
        } catch {
            throw TableFile.Refusal(error.errors.map { FileError(line: $0.line, reason: $0.reason) })
        }
        self = document.table
        let invalid = invalidValues.map { error in
            let line = document.line(of: error.operation.virtualServer, error.operation.realServer)
            return FileError(line: line, reason: error.reason)
        }
        guard invalid.isEmpty else { throw TableFile.Refusal(invalid) }
    }
}
