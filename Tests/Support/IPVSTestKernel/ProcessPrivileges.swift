import Foundation

/// The capabilities of the threads of a process, from `/proc`.
public struct ProcessPrivileges: Hashable, Sendable {
    /// Those that all of its threads have at most: permitted, effective or inheritable for any of them.
    public let own: UInt64

    /// Those that programs that it starts can have at most.
    public let ofChildren: UInt64

    /// Reads those of a process that runs.
    public init(of process: Int32) throws {
        var (own, ofChildren): (UInt64, UInt64) = (0, 0)
        let threads = "/proc/\(process)/task"
        for thread in try FileManager.default.contentsOfDirectory(atPath: threads) {
            let status = try String(contentsOfFile: "\(threads)/\(thread)/status", encoding: .utf8)
            for line in status.split(separator: "\n") {
                let words = line.split(separator: "\t")
                guard words.count == 2, let set = UInt64(words[1], radix: 16) else { continue }
                switch words[0] {
                case "CapPrm:", "CapEff:", "CapInh:", "CapAmb:": own |= set
                case "CapBnd:": ofChildren |= set
                default: break
                }
            }
        }
        (self.own, self.ofChildren) = (own, ofChildren)
    }
}
