import CIPVS
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Decoders with random bytes")
struct RandomBytesTests {
    /// Runs a decoder, which must return a value or throw an error of the expected type.
    private func survives(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
        do { try body() } catch is MalformedReply {} catch {
            Issue.record("threw \(error)", sourceLocation: sourceLocation)
        }
    }

    private func decodeAll(_ bytes: [UInt8], _ models: inout RandomModels) {
        let span = bytes.span.bytes
        let family = models.family()
        survives { _ = try VirtualServer(decoding: span) }
        survives { _ = try VirtualServer.Status(decoding: span) }
        survives { _ = try RealServer(decoding: span, serviceFamily: family) }
        survives { _ = try RealServer.Status(decoding: span, serviceFamily: family) }
        survives { _ = try SyncDaemon(decoding: span) }
        survives { _ = try Timeouts(decoding: span) }
        survives { _ = try KernelInfo(decoding: span) }
        survives { _ = try Statistics(decoding: span) }
        survives { _ = try span.payload(of: IPVS_CMD_ATTR_SERVICE) }
    }

    /// Attributes with likely types and mostly correct lengths, and random payloads.
    private func likelyAttributes(_ models: inout RandomModels) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<models.number(0...UInt8(12)) {
            let payload = models.bytes(models.pick([0, 1, 2, 3, 4, 8, 16, 20]))
            let lie = models.once(in: 20) ? models.number(0...UInt16.max) : UInt16(payload.count + 4)
            bytes += Array(lie) + Array(models.number(0...UInt16(17)) | models.pick([0, 0x8000, 0x4000]))
            bytes += models.once(in: 20) ? payload : payload.padded
        }
        return bytes
    }

    @Test("Random bytes and likely attributes, with every decoder", arguments: 1...4)
    func decoders(seed: UInt64) {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            decodeAll(models.bytes(Int(models.number(0...UInt8(80)))), &models)
            decodeAll(likelyAttributes(&models), &models)
        }
    }

    @Test("Attributes stay within their bytes", arguments: 1...4)
    func attributes(seed: UInt64) {
        var models = RandomModels(seed: seed)
        for _ in 0..<4_000 {
            let bytes = models.once(in: 2) ? likelyAttributes(&models) : models.bytes(Int(models.number(0...UInt8(60))))
            var cursor = AttributeCursor(.service)
            var end = 0
            survives {
                while let attribute = try cursor.next(in: bytes.span.bytes) {
                    #expect(attribute.payload.lowerBound >= end + 4)
                    #expect(attribute.payload.upperBound <= bytes.count)
                    #expect(attribute.type <= 0x3fff)
                    end = attribute.payload.upperBound
                    survives { _ = try bytes.span.bytes.readString(attribute) }
                    survives { _ = try bytes.span.bytes.readSixteenBytes(attribute) }
                    survives { _ = try bytes.span.bytes.read(attribute, as: UInt64.self) }
                }
            }
        }
    }

    @Test("Messages stay within their datagram, and their acknowledgements are read", arguments: 1...4)
    func messages(seed: UInt64) {
        var models = RandomModels(seed: seed)
        for _ in 0..<4_000 {
            let bytes = likelyDatagram(&models)
            let span = bytes.span.bytes
            var cursor = NetlinkCursor()
            var end = 0
            survives {
                while let message = try cursor.next(in: span) {
                    #expect(message.payload.lowerBound >= end + 16)
                    #expect(message.payload.upperBound <= bytes.count)
                    end = message.payload.upperBound
                    survives { _ = try KernelAnswer(message, in: span) }
                }
            }
        }
    }

    private func likelyDatagram(_ models: inout RandomModels) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<models.number(0...UInt8(4)) {
            let payload =
                models.once(in: 2) ? likelyAttributes(&models) : models.bytes(Int(models.number(0...UInt8(40))))
            let code = models.pick([0, -1, -22, .min, 1, .max] as [Int32])
            let body = models.pick([payload, Array(code) + payload, Array(code) + models.bytes(16) + payload])
            let length = models.once(in: 10) ? models.number(0...UInt32.max) : UInt32(body.count + 16)
            let type = models.pick([0x1d, 2, 3, 1, 0x10, 0xffff] as [UInt16])
            let flags = models.pick([0, 0x100, 0x200, 0x300, 0xffff] as [UInt16])
            bytes += Array(length) + Array(type) + Array(flags) + models.bytes(8)
            bytes += models.once(in: 10) ? body : body.padded
        }
        return bytes
    }

    @Test("A handle survives random datagrams and still works", arguments: 1...4)
    func handle(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<300 {
            // They look like answers to the request, or they would be ignored.
            let parts = (0..<3).map { _ in
                let type = models.pick([nil, nil, 2, 3] as [UInt16?])
                let flags = models.pick([0, 0x100, 0x200, 0x300] as [UInt16])
                let payload =
                    models.once(in: 2) ? [UInt8](Int32(-22)) + likelyAttributes(&models) : likelyAttributes(&models)
                return Reply(type: type, flags: flags) { _ in payload }
            }
            let junk = likelyDatagram(&models)
            let asked = Int(models.number(0...UInt8(5)))
            let channel = AnsweringChannel { request in
                request.command == IPVS_CMD_FLUSH ? [[.ack]] : [parts, [Reply(type: 2) { _ in junk }], [.done()]]
            }
            let handle = try Handle(channel: channel)
            do {
                switch asked {
                case 0: _ = try handle.virtualServers()
                case 1: _ = try handle.realServers(of: .firewallMark(1))
                case 2: _ = try handle.info()
                case 3: _ = try handle.timeouts()
                case 4: _ = try handle.syncDaemons()
                default: try handle.zeroCounters()
                }
            } catch {}
            try handle.flush()
        }
    }
}
