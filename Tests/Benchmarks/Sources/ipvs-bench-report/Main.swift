import Foundation

/// Reads the programs' output with --json, and prints a summary as text, or with --json as JSON.
@main
struct Main {
    static func main() throws {
        let decoder = JSONDecoder()
        var measurements: [Measurement] = []
        while let line = readLine() { measurements.append(try decoder.decode(Measurement.self, from: Data(line.utf8))) }
        let report = Report(Summary.all(of: measurements))
        print(CommandLine.arguments.contains("--json") ? try report.json : report.text)
    }
}
