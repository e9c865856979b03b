import IPVS
import IPVSFuzzing

@testable import ipvsctl

extension FuzzTarget {
    /// The words of ipvsadm's command lines, each on a line of its own.
    static let ipvsadmArguments = FuzzTarget("ipvsadm-arguments") { bytes in
        // No word of a command line has a NUL.
        guard !bytes.contains(0) else { return }
        let words = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        for dialect in [Compatible.Dialect.commandLine, .saved] {
            let line: Compatible.Line
            do throws(Compatible.UsageError) {
                line = try Compatible.Parser(names: .none, dialect: dialect).parse(words)
            } catch {
                try holdIsSentence(error.description)
                continue
            }
            if let remark = line.remark { try holdIsSentence(remark) }
            if let entry = line.command.entry { try checkSaving(Table([entry]), names: .none) }
        }
    }
}

extension Compatible.Command {
    /// The virtual server that the command makes, or the one whose real server it makes; nil for other commands.
    fileprivate var entry: Table.Entry? {
        switch self {
        case .add(let server), .edit(let server): return Table.Entry(server)
        case .addRealServer(let real, let id), .editRealServer(let real, let id):
            var entry = Table.Entry(VirtualServer(id))
            entry.replace(real)
            return entry
        default: return nil
        }
    }
}
