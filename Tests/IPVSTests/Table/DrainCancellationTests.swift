import Testing

@testable import IPVS
@testable import Netlink

@Suite("A cancelled drain")
struct DrainCancellationTests {
    @Test("A task that was cancelled before its drain changes nothing", arguments: [true, false])
    func beforeTheStart(restores: Bool) async throws {
        let id = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 1), 80)
        let target = Drain.Target(Endpoint(IPAddress(10, 244, 1, 5), 8080), of: id)
        let channel = ScriptedChannel([.take, .deliver([.family(ScriptedChannel.family)]), .deliver([.ack])])
        let handle = try Handle(channel: channel)
        let opening = channel.sent.count
        await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await #expect(throws: CancellationError.self) {
                try await handle.drain(
                    [target],
                    timeout: .zero,
                    onCancellation: restores ? .restoreWeights : .keepDraining
                )
            }
        }.value
        // Not even a list was requested.
        #expect(channel.sent.count == opening)
    }
}
