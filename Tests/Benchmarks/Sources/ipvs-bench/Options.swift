/// What the command line asks for.
struct Options {
    static let usage = """
        usage: ipvs-bench --services N --real-servers N --workload W1…W6 [--runs N] [--json]
               ipvs-bench --services N --real-servers N --workload W1…W6 [--runs N] --prepare | --check | --commands

        Times what swift-ipvs does to the table of the network namespace it runs in:

          W1  add all                         W4  change every weight
          W2  read the whole table            W5  delete all
          W3  apply the table that is there   W6  apply the table with 1 % of the real servers changed

        --runs N      how often (1); the first run is cold, those after it are warm. Those of W1 delete first what the
                      one before has added; those of W5 have virtual servers of their own each
        --json        one JSON object for each run, on a line of its own
        --prepare     makes the table that the workload needs, and does nothing else
        --check       fails if the table is not what so many runs of the workload leave; and deletes it
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

/// What this program itself finds wrong, in words.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
