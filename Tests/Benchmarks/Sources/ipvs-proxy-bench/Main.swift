import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import Logging

/// Measures the syncs of a proxier in the network namespace that it runs in.
@main
enum Main {
    static let usage = """
        usage: ipvs-proxy-bench --services N --real-servers N [--binding METHOD] [--rules] [--runs N]

        Measures a proxier with N services with N endpoints each, in the network namespace that it runs in. Prints a line
        for each step with its time in microseconds, or the median of repeated steps:

          bind        the addresses of all services are bound to an interface, which is then removed
          told        all services and endpoints are reported to the proxier; nothing is synced
          first       the first sync, of an empty table
          one         a sync after one endpoint was added, or removed
          percent     a sync after an endpoint of 1 % of the services was added, or removed
          restart     the first sync of a restarted proxier, with nothing to do
          period      a later full sync, with nothing to do
          memory      the peak memory use of the steps before restart, in KiB

        --binding METHOD    how addresses are bound: addresses (the default) or routes
        --rules             write packet rules to nftables too; one endpoint of each service is on this node
        --runs N            how often to repeat steps (201; percent and period a twentieth of that)

        Each step begins with a write of its name to standard error.
        """

    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            try await Bench(options).run()
        } catch let problem as Problem {
            print("ipvs-proxy-bench: \(problem)", to: STDERR_FILENO)
            exit(2)
        } catch {
            print("ipvs-proxy-bench: \(error)", to: STDERR_FILENO)
            exit(1)
        }
    }

    /// Writes a line with one system call, so that it appears in the right place of a trace.
    static func print(_ line: String, to descriptor: Int32) {
        let bytes = Array((line + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }
}

/// An error that this program reports itself.
struct Problem: Error, CustomStringConvertible {
    let description: String
}

struct Options {
    var services = 0
    var realServers = 0
    var binding = AddressBinder.Method.addresses
    var hasRules = false
    var runs = 201

    init(_ words: some Sequence<String>) throws {
        var words = ArraySlice(words)
        while let word = words.popFirst() {
            if word == "--rules" {
                hasRules = true
                continue
            }
            guard ["--services", "--real-servers", "--binding", "--runs"].contains(word) else {
                Main.print(Main.usage, to: STDOUT_FILENO)
                exit(word == "--help" ? 0 : 2)
            }
            let value = words.popFirst() ?? ""
            if word == "--binding" {
                guard let method = AddressBinder.Method(rawValue: value) else {
                    throw Problem(description: "\(word) needs addresses or routes; see --help")
                }
                binding = method
                continue
            }
            guard let number = Int(value) else { throw Problem(description: "\(word) needs a number; see --help") }
            switch word {
            case "--services": services = number
            case "--real-servers": realServers = number
            default: runs = number
            }
        }
        guard (100...60_000).contains(services), (1...100).contains(realServers), (40...10_000).contains(runs) else {
            throw Problem(
                description: "there can be 100 to 60,000 services, 1 to 100 real servers, 40 to 10,000 runs; see --help"
            )
        }
    }
}
