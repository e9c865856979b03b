import CIPVS
import CNetlinkShim
import Glibc
import IPVS
import IPVSTestModels
import Netlink

@testable import IPVSTesting

/// A generic netlink message of IPVS without its addresses.
struct RandomMessage {
    var command: Int
    var isDump = false
    var attributes: [UInt8]

    /// The message with the header of a sender.
    func bytes(_ header: MessageHeader) -> [UInt8] {
        header.message(command: UInt8(command), version: UInt8(IPVS_GENL_VERSION), attributes)
    }
}

/// Random messages to IPVS, valid and invalid, about few servers, so that many of them are there: the same for the same seed.
struct RandomMessages {
    private var models: RandomModels

    /// An attribute of a message that is made, and its payload.
    private typealias Draft = [(type: Int, payload: [UInt8])]

    init(seed: UInt64) { models = RandomModels(seed: seed) }

    private static let frequencies: [(command: Int, count: Int)] = [
        (IPVS_CMD_NEW_SERVICE, 16), (IPVS_CMD_SET_SERVICE, 10), (IPVS_CMD_DEL_SERVICE, 3), (IPVS_CMD_GET_SERVICE, 10),
        (IPVS_CMD_NEW_DEST, 24), (IPVS_CMD_SET_DEST, 12), (IPVS_CMD_DEL_DEST, 6), (IPVS_CMD_GET_DEST, 10),
        (IPVS_CMD_NEW_DAEMON, 3), (IPVS_CMD_DEL_DAEMON, 5), (IPVS_CMD_GET_DAEMON, 3), (IPVS_CMD_SET_CONFIG, 5),
        (IPVS_CMD_GET_CONFIG, 3), (IPVS_CMD_GET_INFO, 2), (IPVS_CMD_ZERO, 3),
    ]
    private static let commands = frequencies.flatMap { Array(repeating: $0.command, count: $0.count) }

    mutating func next() -> RandomMessage {
        if models.once(in: 400) { return RandomMessage(command: IPVS_CMD_FLUSH, attributes: []) }
        if models.once(in: 60) { return unusual() }
        let command = models.pick(Self.commands)
        let isList = [IPVS_CMD_GET_DEST, IPVS_CMD_GET_DAEMON].contains(command)
        let isDump = isList || command == IPVS_CMD_GET_SERVICE && models.once(in: 4)
        return RandomMessage(command: command, isDump: isDump, attributes: attributes(of: command))
    }

    /// A command that does not exist, or is a list or not a list as it shouldn't be.
    private mutating func unusual() -> RandomMessage {
        let command = models.pick(Array(0...20) + [255])
        return RandomMessage(command: command, isDump: models.once(in: 2), attributes: attributes(of: command))
    }

    mutating func isBatch() -> Bool { models.once(in: 6) }

    mutating func once(in count: Int) -> Bool { models.once(in: count) }
}

// MARK: - Attributes

extension RandomMessages {
    private mutating func attributes(of command: Int) -> [UInt8] {
        var draft: Draft = []
        switch command {
        case IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE:
            draft.append((IPVS_CMD_ATTR_SERVICE, written(service(isWhole: true))))
        case IPVS_CMD_NEW_DEST, IPVS_CMD_SET_DEST, IPVS_CMD_DEL_DEST:
            let isWhole = command != IPVS_CMD_DEL_DEST
            let service = service(isWhole: false)
            let family = service[0].payload[...].integer(at: 0, as: UInt16.self)
            draft.append((IPVS_CMD_ATTR_SERVICE, written(service)))
            draft.append((IPVS_CMD_ATTR_DEST, written(destination(isWhole: isWhole, of: family))))
        case IPVS_CMD_NEW_DAEMON: draft.append((IPVS_CMD_ATTR_DAEMON, written(daemon())))
        case IPVS_CMD_DEL_DAEMON:
            draft.append(
                (IPVS_CMD_ATTR_DAEMON, written([word(IPVS_DAEMON_ATTR_STATE, models.pick([1, 2, 1, 2, 0, 3]))]))
            )
        case IPVS_CMD_SET_CONFIG:
            let types = [IPVS_CMD_ATTR_TIMEOUT_TCP, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, IPVS_CMD_ATTR_TIMEOUT_UDP]
            draft = types.filter { _ in models.once(in: 2) }.map { word($0, timeout()) }
        case IPVS_CMD_ZERO where models.once(in: 3): break
        case IPVS_CMD_GET_CONFIG, IPVS_CMD_GET_INFO, IPVS_CMD_GET_DAEMON, IPVS_CMD_FLUSH: break
        default: draft.append((IPVS_CMD_ATTR_SERVICE, written(service(isWhole: false))))
        }
        return written(draft)
    }

    private mutating func timeout() -> UInt32 {
        models.pick([0, 1, 60, 900, 8_589_934, 8_589_935, 21_474_836, 21_474_837, 0x7fff_ffff, 0x8000_0000, .max])
    }

    private mutating func service(isWhole: Bool) -> Draft {
        let family: UInt16 = models.once(in: 40) ? models.pick([0, 99]) : models.pick([2, 10])
        var draft: Draft = [short(IPVS_SVC_ATTR_AF, family)]
        if models.once(in: 4) {
            draft.append(word(IPVS_SVC_ATTR_FWMARK, models.pick([0, 1, 2, .max])))
        }
        if draft.count == 1 || models.once(in: 8) {
            draft.append(
                short(IPVS_SVC_ATTR_PROTOCOL, models.once(in: 6) ? models.pick([132, 47]) : models.pick([6, 6, 17]))
            )
            draft.append(
                (IPVS_SVC_ATTR_ADDR, address(family, ["10.96.0.1", "10.96.0.2"], ["fd00:96::1", "2001:db8::"]))
            )
            draft.append(port(IPVS_SVC_ATTR_PORT, models.pick([0, 80, 80, 80])))
        }
        if isWhole { draft += configuration(family) }
        return draft
    }

    /// Schedulers that no kernel has. The scheduler twos is left out: which kernels have it depends on how they were built.
    private static let otherSchedulers = ["nosuch", "", "sixteen-letters-", "fifteen-letters", "RR"]

    private mutating func configuration(_ family: UInt16) -> Draft {
        // The kernel looks for the module of each name that it does not know, which takes time.
        let isUnknown = models.once(in: 40)
        let known = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "none"]
        let name = isUnknown ? models.pick(Self.otherSchedulers) : models.pick(known)
        let changed = models.pick([UInt32.max, .max, 0, 5, 0x1d])
        var draft: Draft = [
            text(IPVS_SVC_ATTR_SCHED_NAME, name),
            (IPVS_SVC_ATTR_FLAGS, bytes(models.number(0...UInt32.max)) + bytes(changed)),
            word(IPVS_SVC_ATTR_TIMEOUT, models.pick([0, 1, 360, 2_678_400, 42_949_673, .max, 0x8000_0000])),
            word(IPVS_SVC_ATTR_NETMASK, mask(family)),
        ]
        if models.once(in: 5) {
            draft.append(text(IPVS_SVC_ATTR_PE_NAME, models.once(in: 10) ? "nosuch" : models.pick(["sip", "sip", ""])))
        }
        return draft
    }

    private mutating func mask(_ family: UInt16) -> UInt32 {
        if models.once(in: 12) { return models.number(0...UInt32.max) }
        return family == 10
            ? models.pick([128, 128, 64, 1, 0, 129]) : models.pick([.max, UInt32(0xffff_ff00).bigEndian, 0])
    }

    private mutating func destination(isWhole: Bool, of serviceFamily: UInt16) -> Draft {
        var family = models.once(in: 4) ? models.pick([2, 10]) : serviceFamily
        if models.once(in: 40) { family = models.pick([0, 99]) }
        let usual = (["10.244.1.1", "10.244.1.2", "127.0.0.1"], ["fd00:2::5", "2001:db8::", "::1"])
        let unusual = (
            ["0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "127.255.255.255", "0.0.0.1", "169.254.1.1"],
            ["fe80::1", "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1", "fec0::1", "::"]
        )
        let pool = models.once(in: 12) ? unusual : usual
        var draft: Draft = [
            (IPVS_DEST_ATTR_ADDR, address(family, pool.0, pool.1)),
            port(IPVS_DEST_ATTR_PORT, models.pick([80, 80, 0, 8080])),
        ]
        if !models.once(in: 10) { draft.append(short(IPVS_DEST_ATTR_ADDR_FAMILY, family)) }
        guard isWhole else { return draft }
        let upper = models.once(in: 3) ? models.number(0...UInt32(Int32.max)) : 0
        draft += [
            word(
                IPVS_DEST_ATTR_FWD_METHOD,
                models.once(in: 20) ? models.number(0...UInt32.max) : models.pick([0, 1, 2, 2, 3, 4])
            ),
            word(IPVS_DEST_ATTR_WEIGHT, models.pick([0, 1, 1, 1, 100, 0x7fff_ffff, 1, 1, 1, 0x8000_0000])),
            word(IPVS_DEST_ATTR_U_THRESH, models.once(in: 40) ? 0x8000_0000 : upper),
            word(
                IPVS_DEST_ATTR_L_THRESH,
                models.once(in: 12) ? models.number(0...UInt32.max) : models.number(0...upper)
            ),
        ]
        if models.once(in: 2) { draft.append((IPVS_DEST_ATTR_TUN_TYPE, [models.pick([0, 1, 1, 2, 2, 3, 255])])) }
        if models.once(in: 2) { draft.append(port(IPVS_DEST_ATTR_TUN_PORT, models.pick([0, 6080, .max]))) }
        if models.once(in: 2) { draft.append(short(IPVS_DEST_ATTR_TUN_FLAGS, models.pick([0, 1, 2, .max]))) }
        return draft
    }

    private mutating func daemon() -> Draft {
        var draft: Draft = [
            word(IPVS_DAEMON_ATTR_STATE, models.once(in: 10) ? models.pick([0, 3, .max]) : models.pick([1, 2])),
            text(
                IPVS_DAEMON_ATTR_MCAST_IFN,
                models.once(in: 6) ? models.pick(["mc7", "", "sixteen-letters-"]) : "mc0"
            ),
            word(IPVS_DAEMON_ATTR_SYNC_ID, models.pick([0, 7, 255, 256, .max])),
        ]
        if models.once(in: 3) {
            draft.append(short(IPVS_DAEMON_ATTR_SYNC_MAXLEN, models.pick([0, 1, 1_023, 1_024, 1_400, 9_000, .max])))
        }
        if models.once(in: 3) {
            let group = address(2, ["224.0.0.81", "239.1.2.3", "10.0.0.1"], [])
            draft.append((IPVS_DAEMON_ATTR_MCAST_GROUP, Array(group.prefix(4))))
        }
        if models.once(in: 3) {
            draft.append((IPVS_DAEMON_ATTR_MCAST_GROUP6, address(10, [], ["ff02::1:2", "ff05::7", "fd00::1"])))
        }
        if models.once(in: 3) { draft.append(short(IPVS_DAEMON_ATTR_MCAST_PORT, models.pick([0, 8848, 9000]))) }
        if models.once(in: 3) { draft.append((IPVS_DAEMON_ATTR_MCAST_TTL, [models.pick([0, 1, 255])])) }
        return draft
    }
}

// MARK: - Values

extension RandomMessages {
    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    private func short(_ type: Int, _ value: UInt16) -> (Int, [UInt8]) { (type, bytes(value)) }

    private func port(_ type: Int, _ value: UInt16) -> (Int, [UInt8]) { short(type, value.bigEndian) }

    private func word(_ type: Int, _ value: UInt32) -> (Int, [UInt8]) { (type, bytes(value)) }

    private func text(_ type: Int, _ value: String) -> (Int, [UInt8]) { (type, Array(value.utf8) + [0]) }

    private mutating func address(_ family: UInt16, _ four: [String], _ six: [String]) -> [UInt8] {
        let bytes = IPAddress(models.pick(family == 10 ? six : four))?.bytes ?? []
        return bytes + Array(repeating: models.once(in: 10) ? 0xee : 0, count: 16 - bytes.count)
    }

    /// The bytes of attributes, in any order, and now and then with something wrong.
    private mutating func written(_ draft: Draft) -> [UInt8] {
        var draft = models.once(in: 4) ? models.shuffled(draft) : draft
        if models.once(in: 30), !draft.isEmpty { spoil(&draft) }
        var writer = MessageWriter()
        for (type, payload) in draft { writer.put(type, payload) }
        if models.once(in: 200) { writer.append(models.bytes(models.pick([1, 3, 4, 5]))) }
        return writer.bytes
    }

    private mutating func spoil(_ draft: inout Draft) {
        let index = models.pick(Array(draft.indices))
        switch models.pick(Array(0...7)) {
        case 0, 1: draft.remove(at: index)
        case 2: draft[index].payload = Array(draft[index].payload.dropLast())
        case 3: draft[index].payload = models.bytes(models.pick([0, 1, 2, 3]))
        case 4: draft[index].payload += models.bytes(models.pick([1, 2, 4, 20]))
        case 5: draft.append(models.pick(draft))
        case 6: draft.append((models.pick([0, 7, 13, 99, 0x3fff]), models.bytes(models.pick([0, 3, 4]))))
        default: draft[index].type |= models.pick([0x8000, 0x4000])
        }
    }
}
