import Common
import IPVS
import IPVSFuzzing

@testable import ipvsctl

extension FuzzTarget {
    /// The lines that `ipvsctl -R` reads, as far as they are those of a table, and files in that form.
    static let saveForm = FuzzTarget("save-form") { bytes in
        // As with `-R`, what is not UTF-8 is replaced. An encoding with wider characters is refused.
        guard let rest = try? TextStart.check(bytes[...]) else { return }
        let text = String(decoding: rest, as: UTF8.self)
        let table: Table
        do throws(SaveForm.ReadingError) {
            table = try SaveForm.read(text, names: .none)
        } catch {
            let lines = 1...lineCount(text)
            for error in error.errors {
                try hold(lines.contains(error.line), "there is no such line: \(error)")
                try holdIsSentence(error.reason)
            }
            return
        }
        let written = SaveForm.write(table)
        try hold(try SaveForm.read(written, names: .none) == table, "\(table) is another table after \(written)")
        let named = SaveForm.write(table, names: .fixed)
        try hold(try SaveForm.read(named, names: .fixed) == table, "\(table) is another table after \(named)")
    }
}
