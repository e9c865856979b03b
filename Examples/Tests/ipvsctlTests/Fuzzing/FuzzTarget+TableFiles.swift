import Common
import IPVS
import IPVSFuzzing

@testable import ipvsctl

extension FuzzTarget {
    /// Files with tables in JSON and in YAML.
    static let tableFiles = FuzzTarget("table-files") { bytes in
        // Other encodings are refused before anything is read.
        guard let rest = try? TextStart.check(bytes[...]), let text = String(validating: rest, as: UTF8.self) else {
            return
        }
        try check(text) { (text) throws(TableFile.Refusal) in try Table(json: text) }
        try check(text) { (text) throws(TableFile.Refusal) in try Table(yaml: text) }
        try checkSize(text)
    }
}

/// What is read is the same after it was written in any form for documents, and what is refused has its lines.
private func check(_ text: String, _ read: (String) throws(TableFile.Refusal) -> Table) throws {
    let table: Table
    do throws(TableFile.Refusal) {
        table = try read(text)
    } catch {
        let lines = 1...lineCount(text)
        for error in error.errors.first {
            let isPlaced = error.line.map(lines.contains) ?? error.reason.hasPrefix("is empty")
            try hold(isPlaced, "an error has no line, or there is no such line: \(error)")
            try holdIsSentence(error.text(in: "FILE"))
        }
        return
    }
    let json = try table.text(.json)
    try hold(try Table(json: json) == table, "\(table) is another table after \(json)")
    let yaml = try table.text(.yaml)
    try hold(try Table(yaml: yaml) == table, "\(table) is another table after \(yaml)")
}

/// No text makes a document that is much larger than itself, or too deep for the stack.
private func checkSize(_ text: String) throws {
    var sizes: [DocumentSize] = []
    // What is refused has no size.
    if let place = try? JSONReader.read(text) { sizes.append(DocumentSize(place.node)) }
    do throws(FileError) {
        try YAMLReader.read(text) { sizes.append(DocumentSize($0.node)) }
    } catch {
        // The documents before an error have been read.
    }
    for size in sizes {
        try hold(size.depth <= DocumentLimits.depth, "a document is \(size.depth) deep")
        // A value without a text, and the name of a field, have at least one character.
        let limit = 2 * text.utf8.count + 1 + DocumentLimits.aliasedValues
        try hold(size.values <= limit, "a document of \(text.utf8.count) bytes has \(size.values) values")
    }
}
