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
        for names in [Compatible.Names.none, .fixed] { try checkSaving(table, names: names) }
    }
}

/// A table is the same after it was saved, unless it can't be.
func checkSaving(_ table: Table, names: Compatible.Names) throws {
    let text: String
    do throws(Failure) {
        text = try SaveForm.write(table, names: names)
    } catch {
        try hold(!table.entries.allSatisfy(\.hasPlainNames), "\(table) can't be written: \(error)")
        return try error.sentences.forEach(holdIsSentence)
    }
    try hold(try SaveForm.read(text, names: names) == table, "\(table) is another table after \(text)")
}

extension Table.Entry {
    /// Whether its names are words that can be in a line, where ipvsadm passes over its own name.
    fileprivate var hasPlainNames: Bool {
        let names = [server.scheduler.rawValue] + [server.persistenceEngine?.rawValue].compactMap(\.self)
        return names.allSatisfy { name in
            !name.isEmpty && name != "ipvsadm" && name.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        }
    }
}
