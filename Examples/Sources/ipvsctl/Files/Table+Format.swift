import Foundation
import IPVS
import Yams

extension Table {
    /// The table as text, always the same for equal tables.
    func text(_ format: Format) throws -> String {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        case .yaml:
            return try YAMLEncoder().encode(self)
        case .ipvsadm:
            return try SaveForm.write(self)
        }
    }
}
