import IPVS
import IPVSNode
import IPVSProxyTesting
import IPVSTestKernel
import IPVSTestModels
import Testing

extension ProxyKernelTests {
    /// The node in memory does what a real one does.
    @Suite struct NodeInMemory {
        /// Binders find the same, and fail with the same words.
        @Test(arguments: UInt64(1)...10)
        func theSameAddresses(_ seed: UInt64) throws {
            let namespace = try TestNamespace()
            let node = InMemoryNode()
            let pairs = try AddressBinder.Method.allCases.map { method in
                (
                    real: try AddressBinder(method: method, namespace: .path(namespace.path)),
                    model: try AddressBinder(method: method, testing: node)
                )
            }
            var history = RandomBinding(seed: seed)
            for number in 0..<150 {
                let (place, name, body) = history.next()
                let outcome = Self.outcome { try body(pairs[place].real) }
                let model = Self.outcome { try body(pairs[place].model) }
                try #require(
                    model == outcome,
                    "seed \(seed), operation \(number): \(name), by \(pairs[place].real.method)"
                )
            }
        }

        private static func outcome(_ body: () throws -> String) -> String {
            do { return try body() } catch { return "\(error)" }
        }
    }
}

/// Random operations of one of two binders.
private struct RandomBinding {
    private var random: SplitMix64
    private let addresses: [IPAddress]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let four = (1...4).map { IPAddress(10, 96, 0, $0) }
        addresses = four + ["fd00::1", "fd00::2", "2001:db8::7", "0.0.0.0", "ff02::1"].compactMap { IPAddress($0) }
    }

    mutating func next() -> (place: Int, name: String, body: (AddressBinder) throws -> String) {
        let some = (0..<Int.random(in: 1...4, using: &random)).map { _ in addresses[random.next(below: addresses.count)]
        }
        let alias = ["", "mine", "yours, or another's"][random.next(below: 3)]
        let operations: [(String, (AddressBinder) throws -> String)] = [
            ("bind \(some)", { try $0.bind(some).text }), ("unbind \(some)", { try $0.unbind(some).text }),
            ("list", { try "\($0.addresses().sorted())" }),
            ("set the alias \(alias)", { try "\($0.setAlias(alias))" }),
            ("read the alias", { try "\(String(describing: $0.alias()))" }),
            ("make the interface", { try "\($0.makeInterface())" }),
            ("remove the interface", { try "\($0.removeInterface())" }),
        ]
        let choice = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6][random.next(below: 14)]
        return (random.next(below: 2), operations[choice].0, operations[choice].1)
    }
}

extension SplitMix64 {
    fileprivate mutating func next(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

extension AddressBinder.Outcome {
    /// Everything in it, in an order of its own.
    fileprivate var text: String {
        let failures = failures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return "\(changed) changed, interface made: \(madeInterface), \(failures)"
    }
}
