import KubernetesTestServer
import Testing

@testable import KubernetesAPI

// In parallel, hundreds of TLS connections would take longer than the short limits.
@Suite("An informer of a server that fails to list pages", .serialized)
struct PageFaultTests {
    @Test("A list that fails is made again, and reports nothing before it is whole", arguments: Misdeed.all)
    func lists(misdeed: Misdeed) async throws { try await checkLists(misdeed, streams: false) }
}

@Suite("An informer of a server that fails to stream lists", .serialized)
struct StreamFaultTests {
    @Test("A list that fails is made again, and reports nothing before it is whole", arguments: Misdeed.all)
    func lists(misdeed: Misdeed) async throws { try await checkLists(misdeed, streams: true) }
}

/// Checks what an informer makes of lists that fail.
private func checkLists(_ misdeed: Misdeed, streams: Bool) async throws {
    let server = try await KubernetesTestServer.with(services: 20)
    let request: KubernetesTestServer.RequestPattern = streams ? .watch(.services) : .list(.services)
    let isEmptiness = misdeed.testDescription.contains("nothing")
    // The first list has nothing to compare with.
    if !isEmptiness { server.faults.add(misdeed.fault, on: request, times: misdeed.times) }
    let follower = try Follower(server, streams: streams)
    try await follower.settle()

    // Another list is needed, and is compared with what is known.
    server.faults.removeAll()
    try await server.waitForWatches(of: .services)
    server.faults.add(misdeed.fault, on: request, times: misdeed.times)
    let second: KubernetesTestServer.RequestPattern = streams ? .list(.services) : .watch(.services)
    server.faults.add(.status(500), on: second)
    try await server.interrupt(.services, .expired)
    server.delete(.services, "service-3")
    try server.edit(.services, "service-4") { $0["metadata"]?["labels"] = ["app": "changed"] }
    try server.apply(SampleObjects.service(20))
    try await follower.settle(deletions: ["service-3": 1])
}
