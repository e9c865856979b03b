import Glibc
import IPVS

@main
struct Main {
    static func main() async {
        do {
            try await run(Arguments(CommandLine.arguments.dropFirst()))
        } catch {
            var standardError = StandardError()
            print("ipvs-demo: \(error)", to: &standardError)
            exit(1)
        }
    }

    private static func run(_ words: Arguments) async throws {
        var words = words
        let namespace: String = try words.next("namespace")
        if namespace == "--help" { return print(Command.usage) }
        let command = try Command(&words)
        let balancer = Balancer(handle: try Handle(namespace: .named(namespace)))

        switch command {
        case .add(let id, let endpoints): try balancer.add(id, endpoints)
        case .weight(let id, let endpoint, let weight): try balancer.setWeight(weight, of: endpoint, in: id)
        case .drain(let id, let endpoint, let seconds):
            try await balancer.drain(endpoint, of: id, timeout: .seconds(seconds))
        case .zero: try balancer.handle.zeroCounters()
        case .show: print(try Table(of: balancer.handle))
        }
    }
}

/// Standard error as a stream for `print`.
private struct StandardError: TextOutputStream {
    func write(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
