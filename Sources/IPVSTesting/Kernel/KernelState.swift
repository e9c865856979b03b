import CIPVS
import CNetlinkShim
import IPVS
import Netlink

/// The state of a kernel in memory: IPVS, and the generic netlink family by which it is reached.
struct KernelState {
    var table: TableState

    /// The number of the family.
    var family: UInt16 = 0x1f

    /// The answer to a message.
    mutating func answer(_ message: ReceivedMessage) -> Answer {
        guard message.has(UInt16(NLM_F_REQUEST)), message.header.type >= UInt16(NLMSG_MIN_TYPE) else { return Answer() }
        do throws(Refusal) {
            switch message.header.type {
            case UInt16(GENL_ID_CTRL): return try control(message)
            case family: return try table.execute(message)
            default: throw Refusal(ENOENT)
            }
        } catch {
            var refusal = error
            // Positions are those in the message, which may not be the first of its send.
            refusal.culprit?.offset -= message.bytes.startIndex
            return Answer(verdict: refusal)
        }
    }

    /// The version of the family of a message.
    func version(of message: ReceivedMessage) -> UInt8 {
        message.header.type == UInt16(GENL_ID_CTRL) ? 2 : UInt8(IPVS_GENL_VERSION)
    }

    /// The answer of the generic netlink controller, which tells the number of a family.
    private func control(_ message: ReceivedMessage) throws(Refusal) -> Answer {
        guard let command = message.command else { throw Refusal(EINVAL) }
        guard command == UInt8(CTRL_CMD_GETFAMILY) else { throw Refusal(EOPNOTSUPP) }
        var writer = MessageWriter()
        writer.put(Int(CTRL_ATTR_FAMILY_NAME), IPVS_GENL_NAME)
        writer.put(Int(CTRL_ATTR_FAMILY_ID), family)
        writer.put(Int(CTRL_ATTR_VERSION), UInt32(IPVS_GENL_VERSION))
        writer.put(Int(CTRL_ATTR_HDRSIZE), UInt32(0))
        writer.put(Int(CTRL_ATTR_MAXATTR), UInt32(IPVS_CMD_ATTR_TIMEOUT_UDP))
        let replies = [(command: UInt8(CTRL_CMD_NEWFAMILY), attributes: writer.bytes)]
        if message.isDump { return Answer(replies: replies, isDump: true) }
        let attributes = try ReceivedAttributes(message.attributes, .control)
        let number = attributes.integer(Int(CTRL_ATTR_FAMILY_ID), as: UInt16.self)
        let name = attributes.text(Int(CTRL_ATTR_FAMILY_NAME))
        guard number != nil || name != nil else { throw Refusal(EINVAL) }
        guard name.map({ $0 == IPVS_GENL_NAME }) ?? (number == family) else { throw Refusal(ENOENT) }
        return Answer(replies: replies)
    }
}

extension TableState {
    /// Executes a command of IPVS.
    fileprivate mutating func execute(_ message: ReceivedMessage) throws(Refusal) -> Answer {
        guard let command = message.command.map(Int.init) else { throw Refusal(EINVAL) }
        if message.isDump { return try dump(command, message.attributes) }
        try Self.requireCommand(command)
        let attributes = try ReceivedAttributes(message.attributes, .command)
        var answer = Answer()
        var remark = attributes.remark
        let service = attributes[IPVS_CMD_ATTR_SERVICE]
        let destination = attributes[IPVS_CMD_ATTR_DEST]
        do throws(Refusal) {
            switch command {
            case IPVS_CMD_NEW_SERVICE: try addService(service)
            case IPVS_CMD_SET_SERVICE: try setService(service)
            case IPVS_CMD_DEL_SERVICE: try deleteService(service)
            case IPVS_CMD_NEW_DEST: try change(.add, service, destination)
            case IPVS_CMD_SET_DEST: try change(.set, service, destination)
            case IPVS_CMD_DEL_DEST: try change(.delete, service, destination)
            case IPVS_CMD_NEW_DAEMON: try startDaemon(attributes[IPVS_CMD_ATTR_DAEMON], remark: &remark)
            case IPVS_CMD_DEL_DAEMON: try stopDaemon(attributes[IPVS_CMD_ATTR_DAEMON], remark: &remark)
            case IPVS_CMD_SET_CONFIG: try setTimeouts(attributes)
            case IPVS_CMD_ZERO: try zeroCounters(service)
            case IPVS_CMD_FLUSH: services.removeAll()
            default: answer.replies = [try reply(to: command, service)]
            }
        } catch {
            // A remark about the message stays, unless something else is to be said.
            throw Refusal(error.errno, text: error.text ?? remark, culprit: error.culprit)
        }
        answer.verdict.text = remark
        return answer
    }

    /// Refuses a command that does not exist, or exists only as a dump.
    private static func requireCommand(_ command: Int) throws(Refusal) {
        let others = [IPVS_CMD_UNSPEC, IPVS_CMD_GET_DEST, IPVS_CMD_GET_DAEMON, IPVS_CMD_SET_INFO]
        guard command <= IPVS_CMD_FLUSH, !others.contains(command) else { throw Refusal(EOPNOTSUPP) }
    }

    private func reply(
        to command: Int,
        _ service: ArraySlice<UInt8>?
    ) throws(Refusal) -> (command: UInt8, attributes: [UInt8]) {
        var writer = MessageWriter()
        switch command {
        case IPVS_CMD_GET_SERVICE:
            guard let service = services[try existingService(service)] else { throw Refusal(ESRCH) }
            writer.putService(service, ticksPerSecond: ticksPerSecond)
            return (UInt8(IPVS_CMD_NEW_SERVICE), writer.bytes)
        case IPVS_CMD_GET_CONFIG:
            writer.putTimeouts(timeouts)
            return (UInt8(IPVS_CMD_SET_CONFIG), writer.bytes)
        default:
            writer.put(IPVS_INFO_ATTR_VERSION, UInt32(0x01_02_01))
            writer.put(IPVS_INFO_ATTR_CONN_TAB_SIZE, connectionTableSize)
            return (UInt8(IPVS_CMD_SET_INFO), writer.bytes)
        }
    }

    private var connectionTableSize: UInt32 {
        version.makesConnectionTableLate && !hasConnectionTable ? 0 : version.connectionTableSize
    }

    /// Lists servers or daemons. Unlike other commands, a list ignores what is wrong with its attributes.
    private func dump(_ command: Int, _ bytes: ArraySlice<UInt8>) throws(Refusal) -> Answer {
        var answer = Answer(isDump: true)
        switch command {
        case IPVS_CMD_GET_SERVICE:
            answer.replies = sortedServices.map { service in
                var writer = MessageWriter()
                writer.putService(service, ticksPerSecond: ticksPerSecond)
                return (UInt8(IPVS_CMD_NEW_SERVICE), writer.bytes)
            }
        case IPVS_CMD_GET_DEST:
            (answer.replies, answer.verdict.text) = destinations(bytes)
        case IPVS_CMD_GET_DAEMON:
            answer.replies = daemons.values.sorted { $0.state < $1.state }.map { daemon in
                var writer = MessageWriter()
                writer.putDaemon(daemon)
                return (UInt8(IPVS_CMD_NEW_DAEMON), writer.bytes)
            }
        default:
            throw Refusal(EOPNOTSUPP)
        }
        return answer
    }

    /// The real servers of a virtual server, the latest first, or none if there is no such virtual server.
    private func destinations(_ bytes: ArraySlice<UInt8>) -> ([(command: UInt8, attributes: [UInt8])], String?) {
        let attributes: ReceivedAttributes
        do throws(Refusal) {
            attributes = try ReceivedAttributes(bytes, .command)
        } catch {
            return ([], error.text)
        }
        do throws(Refusal) {
            let key = try existingService(attributes[IPVS_CMD_ATTR_SERVICE])
            let sorted = services[key]?.realServers.values.sorted { $0.number > $1.number } ?? []
            let replies = sorted.map { real in
                var writer = MessageWriter()
                writer.putDestination(real)
                return (command: UInt8(IPVS_CMD_NEW_DEST), attributes: writer.bytes)
            }
            return (replies, attributes.remark)
        } catch {
            return ([], attributes.remark)
        }
    }
}
