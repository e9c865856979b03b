import Foundation
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import KubernetesTestServer

/// Measures a proxier that follows an API server, in the network namespace that it runs in.
@main
enum Main {
    static let usage = """
        usage: ipvs-cluster-bench [--services N] [--endpoints N] [--changes N] [--flood N]
                                  [--from memory|server] [--lists streams|pages]

        Measures a proxier with N services (10,000) with N endpoints each (5). With `--from server` (the default) an API server
        in another process has them, and the objects take their way over HTTPS; with `--from memory` they are reported to the
        proxier at once. `--lists pages` asks the server for compressed pages of lists, instead of streams of events (the
        default). Prints a line for each result:

          start MILLISECONDS      from the beginning to the kernel's whole table
          p50, p99 MILLISECONDS   from a changed endpoint slice on the server to the kernel's changed table (--changes, 201)
          events NUMBER           changes per second that are followed, from the first of a flood on the server until the kernel
                                  has the last (--flood, 50000)
          memory MIB              the peak memory use of this process after that, without the server's
        """

    /// Prints a line at once, since another process waits for it.
    static func print(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            if options.isServer { return try await ServerProcess.serve(options) }
            try await Bench(options).run()
        } catch {
            FileHandle.standardError.write(Data("ipvs-cluster-bench: \(error)\n".utf8))
            exit(1)
        }
    }
}

/// An error that this program reports itself.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct Options {
    var services = 10_000
    var endpoints = 5
    var changes = 201
    var flood = 50_000
    var isFromMemory = false
    var prefersStreamingLists = true

    /// Whether this process is the server of another one.
    var isServer = false

    init(_ words: some Sequence<String>) throws {
        var words = ArraySlice(words)
        while let word = words.popFirst() {
            if word == "serve" {
                isServer = true
                continue
            }
            guard let value = words.popFirst() else {
                Main.print(Main.usage)
                exit(word == "--help" ? 0 : 2)
            }
            switch (word, Int(value)) {
            case ("--services", let number?) where (1...60_000).contains(number): services = number
            case ("--endpoints", let number?) where (1...100).contains(number): endpoints = number
            case ("--changes", let number?) where (1...100_000).contains(number): changes = number
            case ("--flood", let number?) where (1...1_000_000).contains(number): flood = number
            case ("--from", _) where ["memory", "server"].contains(value): isFromMemory = value == "memory"
            case ("--lists", _) where ["streams", "pages"].contains(value): prefersStreamingLists = value == "streams"
            default: throw Problem("\(word) can't be \(value); see --help")
            }
        }
    }

    /// The objects of the cluster.
    var objects: some Sequence<JSON> {
        (0..<services).lazy.flatMap { [endpoints] index in
            [SampleObjects.service(index), SampleObjects.endpointSlice(index, endpoints: endpoints)]
        }
    }
}
