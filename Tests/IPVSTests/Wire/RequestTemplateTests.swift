import CIPVS
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Requests filled into a template")
struct RequestTemplateTests {
    /// A request made from a template, or nil if the request has another shape.
    private func fill(_ template: RequestTemplate, _ request: Request) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xaa, count: template.bytes.count + 8)
        let isComplete = try bytes.withUnsafeMutableBytes { bytes in
            var writer = TemplateWriter(template, to: try #require(bytes.baseAddress))
            request.put(into: &writer)
            return writer.isComplete
        }
        #expect(bytes.suffix(8) == Array(repeating: 0xaa, count: 8), "it wrote behind the template")
        return isComplete ? bytes.dropLast(8) : nil
    }

    /// Requests of all shapes and more, all different.
    private static let requests: [Request] = {
        var models = RandomModels(seed: 21)
        var requests = Set<Request>()
        for _ in 0..<12 {
            let server = models.virtualServer()
            let real = models.realServer(for: server.id)
            requests.formUnion([
                .addVirtualServer(server), .updateVirtualServer(server), .deleteVirtualServer(server.id),
                .readVirtualServer(server.id),
                .addRealServer(real, server.id), .updateRealServer(real, server.id),
                .deleteRealServer(real.endpoint, server.id), .readRealServers(server.id),
                .zeroCounters(server.id), .setTimeouts(models.timeouts()), .startDaemon(models.syncDaemon()),
            ])
        }
        requests.formUnion([
            .readVirtualServers, .flush, .zeroCounters(nil), .readTimeouts, .readInfo, .readDaemons,
            .stopDaemon(.master), .stopDaemon(.backup),
        ])
        return Array(requests)
    }()

    @Test("Requests of one shape have the same headers")
    func headersOfShapes() {
        for one in Self.requests {
            for other in Self.requests where other.shape == one.shape {
                #expect(one.command == other.command && one.flags == other.flags)
            }
        }
    }

    @Test("A template is the same as libnl's request, except for the netlink header")
    func bytes() throws {
        for request in Self.requests {
            let template = try #require(RequestTemplate(request))
            #expect(template.bytes[16...].elementsEqual(request.sent.bytes[16...]))
            #expect(template.bytes.loadUnaligned(as: UInt32.self) == UInt32(template.bytes.count))
            #expect(try fill(template, request) == Array(template.bytes))
        }
    }

    @Test("A template accepts any request that libnl would lay out the same way, and no other")
    func pairs() throws {
        let templates = try Self.requests.map { try #require(RequestTemplate($0)) }
        var fits = 0
        for template in templates {
            for (request, own) in zip(Self.requests, templates) {
                let filled = try fill(template, request)
                #expect((filled != nil) == template.slots.elementsEqual(own.slots))
                guard let filled else { continue }
                fits += 1
                // The command is the template's: it is part of the shape that a template is kept for.
                #expect(filled[20...].elementsEqual(own.bytes[20...]))
            }
        }
        #expect(fits > templates.count)
    }

    @Test("Slots say where each value is, and cover a request except for its headers")
    func slots() throws {
        for request in Self.requests {
            let template = try #require(RequestTemplate(request))
            var end = 20
            for slot in template.slots where slot.attribute != RequestTemplate.Slot.endOfNest {
                let (start, length) = (Int(slot.offset), Int(slot.length))
                #expect(start == end + 4)
                let type = template.bytes.loadUnaligned(fromByteOffset: start - 2, as: UInt16.self)
                #expect(Int(type) & 0x3fff == Int(slot.attribute))
                if length > 0 {
                    let size = template.bytes.loadUnaligned(fromByteOffset: start - 4, as: UInt16.self)
                    #expect(Int(size) == length + 4)
                }
                end = start + (length + 3) / 4 * 4
            }
            #expect(end == template.bytes.count)
        }
    }

    @Test("Names of every length, in templates of every other length")
    func names() throws {
        func service(_ scheduler: Int, _ engine: Int) -> Request {
            let names = ["abcdefghijklmno", "ABCDEFGHIJKLMNOP"]
            let name = PersistenceEngine(rawValue: String(names[1].prefix(engine)))
            return .addVirtualServer(
                VirtualServer(
                    .firewallMark(1),
                    scheduler: Scheduler(rawValue: String(names[0].prefix(scheduler))),
                    persistenceEngine: engine == 0 ? nil : name
                )
            )
        }
        let lengths = (1...15).flatMap { scheduler in (0...16).map { (scheduler, $0) } }
        let templates = try lengths.map { try #require(RequestTemplate(service($0.0, $0.1))) }
        for (template, length) in zip(templates, lengths) {
            for other in lengths where other.0 == length.0 || other.1 == length.1 {
                let filled = try fill(template, service(other.0, other.1))
                #expect((filled != nil) == (other == length))
                if let filled { #expect(filled.elementsEqual(template.bytes)) }
            }
        }
    }

    @Test("The length of a name that is not ASCII is in bytes, not characters")
    func letters() throws {
        func service(_ name: String) -> Request {
            .addVirtualServer(VirtualServer(.firewallMark(1), scheduler: Scheduler(rawValue: name)))
        }
        let template = try #require(RequestTemplate(service("four")))
        #expect(try fill(template, service("éé")) == RequestTemplate(service("éé")).map { Array($0.bytes) })
        #expect(try fill(template, service("éééé")) == nil)
    }
}
