import Common
import Glibc
import IPVS

@main
struct Main {
    static func main() {
        Capabilities([.networkAdministration, .otherNamespaces]).keepOnly()
        Startup.run {
            await run()
            exit(0)
        }
    }

    private static func run() async {
        do {
            try await run(Arguments(try Startup.words()))
        } catch let failure as Failure {
            Console.fail(failure.sentences)
            exit(2)
        } catch {
            Console.fail("\(error)")
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
