import IPVSFuzzing
import IPVSProxy

@testable import IPVSProxyNFTables

extension FuzzTarget {
    /// What libnftables writes, errors and lists of rules, and the names of chains.
    static let texts = FuzzTarget("nftables-texts") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let message = LibraryMessage(text).description
        try hold(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }, "a message is \(message)")
        let error = PacketFilterError("write", refused: text)
        try hold("\(error)".hasPrefix("can't write: "), "an error is \"\(error)\"")
        for line in text.split(separator: "\n") {
            switch ListedVerdict(line: line) {
            case .jump(let chain), .goto(let chain):
                try hold(line.contains(chain) || chain == "\"\"", "\"\(line)\" leads to \"\(chain)\"")
            case .accept, .drop, .back, nil: break
            }
        }
        if let name = Names.servicePort(ofChain: text) {
            try hold(Names.chain(of: name) == text, "\(name) has another chain")
        }
        let table = Names.table(of: text).utf8
        try hold(table.allSatisfy { (0x21..<0x7f).contains($0) && $0 != 0x22 }, "a table is named \(table)")
    }
}
