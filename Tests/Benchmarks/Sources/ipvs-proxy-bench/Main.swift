import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import Logging

/// Times the syncs of a proxier in the network namespace that it runs in.
@main
enum Main {
    static let usage = """
        usage: ipvs-proxy-bench --services N --real-servers N [--binding METHOD] [--runs N]

        Times what a proxier does for N services with N endpoints each, in the network namespace that it runs in, and prints
        a line for each step with its time in microseconds; of those that are made several times, the median:

          bind        the addresses of all services are bound to an interface, which is removed then
          told        all services and endpoints are told; nothing is synced
          first       the first sync, of an empty table
          one         a sync after one endpoint was added, or removed
          percent     a sync after an endpoint of 1 % of the services was added, or removed
          restart     the first sync of a proxier that was started anew, which finds nothing to do
          period      a later full sync that finds nothing to do
          memory      the most memory that the steps before restart took, in KiB

        --binding METHOD    how addresses are bound: addresses (the default) or routes
        --runs N            how often to make the steps that can be repeated (201; percent and period a twentieth)

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

    /// Writes a line with one system call, which a trace shows in its place.
    static func print(_ line: String, to descriptor: Int32) {
        let bytes = Array((line + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }
}

/// What this program itself finds wrong, in words.
struct Problem: Error, CustomStringConvertible {
    let description: String
}

struct Options {
    var services = 0
    var realServers = 0
    var binding = AddressBinder.Method.addresses
    var runs = 201

    init(_ words: some Sequence<String>) throws {
        var words = ArraySlice(words)
        while let word = words.popFirst() {
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
