import CIPVS
import Glibc
import IPVS
import IPVSTesting
import Testing

@Suite("A controller of twenty lines")
struct ControllerTests {
    let kernel = InMemoryKernel()
    let controller: BackendController
    let first = IPAddress(10, 244, 1, 1)
    let second = IPAddress(10, 244, 1, 2)

    init() throws { controller = BackendController(handle: try Handle(testing: kernel), service: web) }

    private var backends: [IPAddress]? { kernel.table[web.id]?.realServers.map(\.endpoint.address) }

    @Test("It adds and deletes what differs, and nothing else")
    func changes() throws {
        try controller.sync([first, second])
        #expect(backends == [first, second])
        kernel.forgetCommands()
        try controller.sync([second])
        #expect(kernel.changes == [.deleteRealServer(Endpoint(first, 8080), from: web.id)])
        kernel.forgetCommands()
        try controller.sync([second])
        #expect(kernel.changes.isEmpty)
    }

    @Test("It repairs what another program changes, and leaves alone what is not its own")
    func secondWriter() throws {
        try controller.sync([first])
        let other = try Handle(testing: kernel)
        try other.delete(web.id)
        try other.add(dns)
        try controller.sync([first])
        #expect(backends == [first])
        #expect(kernel.table[dns.id] != nil)
    }

    @Test("It reports a failure, and the next sync repairs it")
    func failure() throws {
        kernel.inject(.errno(ENOMEM), where: { $0.isChange })
        #expect(throws: IPVSError.self) { try controller.sync([first]) }
        try controller.sync([first])
        #expect(backends == [first])
    }
}
