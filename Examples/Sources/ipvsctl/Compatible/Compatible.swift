import Glibc
import IPVS

/// ipvsadm's command lines, listings and saved tables.
enum Compatible {
    /// Runs a command line, without the program's name, and returns the exit status: 0, 1 for a failure, or 2 for an
    /// invalid command line.
    static func run(_ words: [String], names: Names = .system, output: Output = .standard) -> Int32 {
        let line: Line
        do throws(UsageError) { line = try Parser(names: names).parse(words) } catch {
            output.complain(IPVSCtl.refusal(of: words) ?? "\(error); ipvsctl -h shows how")
            return 2
        }
        var hasFailed = false
        do throws(IPVSError) { hasFailed = try !carryOut(line, names, output) } catch {
            let remark = error.operation.realServer == nil ? nil : line.remark
            output.complain([error.description, remark].compactMap(\.self).joined(separator: "; "))
            hasFailed = true
        }
        if let loss = output.loss() {
            output.complain("can't write to standard output: \(loss)")
            hasFailed = true
        }
        return hasFailed ? 1 : 0
    }

    /// Runs a line. Returns false if a part of it failed, which was reported.
    private static func carryOut(_ line: Line, _ names: Names, _ output: Output) throws(IPVSError) -> Bool {
        switch line.command {
        // These need no IPVS.
        case .help: output.write(usage)
        case .version: output.write(version)
        default:
            let handle = if let namespace = line.namespace { try Handle(namespace: namespace) } else { try Handle() }
            let session = Session(handle: handle, names: names, output: output)
            if line.command == .restore { return try Restoring.run(session, from: STDIN_FILENO) }
            try session.perform(line.command)
        }
        return true
    }
}
