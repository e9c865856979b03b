import Glibc
import IPVS

@main
struct Main {
    static func main() {
        do {
            let words = CommandLine.arguments.dropFirst()
            if words.contains("--help") { print(Options.usage) } else { try run(try Options(words)) }
        } catch {
            let text = "ipvs-bench: \(error)\n"
            _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        guard let workload = options.workload else { throw Problem("--workload is missing; see --help") }
        let layout = Layout(services: options.services, realServers: options.realServers)
        switch options.action {
        case .measure: try measure(workload, layout, options)
        case .prepare: try prepare(workload, layout, options)
        case .check: try check(workload, layout, options)
        case .printCommands: for line in try workload.commands(layout) ?? [] { print(line) }
        }
    }

    private static func measure(_ workload: Workload, _ layout: Layout, _ options: Options) throws {
        let handle = try Handle()
        for pass in 1...options.runs {
            let body = try workload.pass(pass, layout, handle)
            let start = Instant.now
            let check = try body()
            let end = Instant.now
            try check()
            let measurement = Measurement(workload: workload, layout: layout, pass: pass, start: start, end: end)
            print(options.json ? measurement.json : measurement.text)
        }
    }

    private static func prepare(_ workload: Workload, _ layout: Layout, _ options: Options) throws {
        let report = try Handle().apply(try workload.tableBefore(layout, runs: options.runs))
        guard report.failures.isEmpty else { throw Problem("\(report)") }
    }

    /// Deletes the table after it was compared. If the kernel had to do so later, when it removes the namespace, it
    /// would slow down the next measurement.
    private static func check(_ workload: Workload, _ layout: Layout, _ options: Options) throws {
        let handle = try Handle()
        let differences = Table.Plan(from: try handle.table(), to: try workload.tableAfter(layout, runs: options.runs))
        guard differences.isEmpty else {
            throw Problem("\(workload.rawValue) left another table; it lacks:\n\(differences)")
        }
        try handle.flush()
    }
}
