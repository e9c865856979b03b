/// The options of the command line.
struct Options {
    static let usage = """
        usage: ipvs-bench --services N --real-servers N --workload W1…W6 [--runs N] [--json]
               ipvs-bench --services N --real-servers N --workload W1…W6 [--runs N] --prepare | --check | --commands

        Measures swift-ipvs on the table of the network namespace it runs in:

          W1  add all                         W4  change every weight
          W2  read the whole table            W5  delete all
          W3  apply an unchanged table        W6  apply the table with 1 % of the real servers changed

        --runs N      the number of runs (1); the first one is cold, and later ones are warm. Runs of W1 first delete what
                      the previous one has added; each run of W5 has its own virtual servers
        --json        one JSON object per run and line
        --prepare     creates the table that the workload needs, and does nothing else
        --check       fails if the table is not the result of these runs of the workload, and deletes it
        --commands    prints the workload for ipvsadm -R
        """

    enum Action { case measure, prepare, check, printCommands }

    var services: UInt32 = 0
    var realServers: UInt32 = 0
    var workload: Workload?
    var runs: UInt32 = 1
    var json = false
    var action = Action.measure

    init(_ words: some Sequence<String>) throws(Problem) {
        var words = ArraySlice(words)
        while let word = words.popFirst() {
            switch word {
            case "--services": services = try Self.value(of: word, &words, UInt32.init)
            case "--real-servers": realServers = try Self.value(of: word, &words, UInt32.init)
            case "--workload": workload = try Self.value(of: word, &words, Workload.init(rawValue:))
            case "--runs": runs = try Self.value(of: word, &words, UInt32.init)
            case "--json": json = true
            case "--prepare": action = .prepare
            case "--check": action = .check
            case "--commands": action = .printCommands
            default: throw Problem("there is no option \(word); see --help")
            }
        }
        guard (1...100_000).contains(services), (1...80).contains(realServers), (1...10).contains(runs) else {
            throw Problem("there can be 100,000 services, 80 real servers and 10 runs; see --help")
        }
    }

    private static func value<Value>(
        of option: String,
        _ words: inout ArraySlice<String>,
        _ convert: (String) -> Value?
    ) throws(Problem) -> Value {
        guard let word = words.popFirst(), let value = convert(word) else {
            throw Problem("\(option) has no usable value; see --help")
        }
        return value
    }
}

/// An error that this program reports itself.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
