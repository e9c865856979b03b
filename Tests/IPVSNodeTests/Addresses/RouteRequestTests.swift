import CRTNetlink
import IPVS
import Testing

@testable import IPVSNode

/// The same requests by `ip` (iproute2 6.1), captured with strace: the header's type and flags, and all after it.
@Suite("rtnetlink requests, compared with those of ip")
struct RouteRequestTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let command: String
        let type: Int
        let flags: Int32
        let payload: String
        var method = AddressBinder.Method.addresses
        let call: @Sendable (AddressBinder) throws -> Void
        var testDescription: String { command }
    }

    static let created = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    static let appended = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND
    static let six = IPAddress(bytes: [0xfd] + [UInt8](repeating: 0, count: 14) + [9]) ?? IPAddress(0, 0, 0, 0)

    static let rows = [
        Row(
            command: "ip link add kube-ipvs0 type dummy",
            type: RTM_NEWLINK,
            flags: created,
            payload: "00000000000000000000000000000000" + "0f0003006b7562652d69707673300000"
                + "1000120009000100" + "64756d6d79000000"
        ) { try $0.makeInterface() },
        Row(
            command: "ip addr add 10.96.0.1/32 dev kube-ipvs0",
            type: RTM_NEWADDR,
            flags: created,
            payload: "0220000002000000" + "080002000a600001" + "080001000a600001"
        ) { _ = try $0.bind([IPAddress(10, 96, 0, 1)]) },
        Row(
            command: "ip addr add fd00::9/128 dev kube-ipvs0 nodad noprefixroute",
            type: RTM_NEWADDR,
            flags: created,
            payload: "0a80000002000000" + "14000200fd000000000000000000000000000009" + "0800080002020000"
                + "14000100fd000000000000000000000000000009"
        ) { _ = try $0.bind([six]) },
        Row(
            command: "ip addr del 10.96.0.1/32 dev kube-ipvs0",
            type: RTM_DELADDR,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            payload: "0220000002000000" + "080002000a600001" + "080001000a600001"
        ) { _ = try $0.unbind([IPAddress(10, 96, 0, 1)]) },
        Row(
            command: "ip addr del fd00::9/128 dev kube-ipvs0",
            type: RTM_DELADDR,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            payload: "0a80000002000000" + "14000200fd000000000000000000000000000009"
                + "14000100fd000000000000000000000000000009"
        ) { _ = try $0.unbind([six]) },
        Row(
            command: "ip link del kube-ipvs0",
            type: RTM_DELLINK,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            payload: "00000000020000000000000000000000"
        ) { try $0.removeInterface() },
        Row(
            command: "ip route append local 10.96.0.1/32 dev kube-ipvs0 proto 118 table local",
            type: RTM_NEWROUTE,
            flags: appended,
            payload: "02200000ff76fe0200000000" + "080001000a600001" + "0800040002000000",
            method: .routes
        ) { _ = try $0.bind([IPAddress(10, 96, 0, 1)]) },
        Row(
            command: "ip -6 route append local fd00::9/128 dev kube-ipvs0 proto 118 table local",
            type: RTM_NEWROUTE,
            flags: appended,
            payload: "0a800000ff76000200000000" + "14000100fd000000000000000000000000000009" + "0800040002000000",
            method: .routes
        ) { _ = try $0.bind([six]) },
        Row(
            command: "ip route del local 10.96.0.1/32 dev kube-ipvs0 proto 118 table local",
            type: RTM_DELROUTE,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            payload: "02200000ff76fe0200000000" + "080001000a600001" + "0800040002000000",
            method: .routes
        ) { _ = try $0.unbind([IPAddress(10, 96, 0, 1)]) },
        Row(
            command: "ip -6 route del local fd00::9/128 dev kube-ipvs0 proto 118 table local",
            type: RTM_DELROUTE,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            payload: "0a800000ff76000200000000" + "14000100fd000000000000000000000000000009" + "0800040002000000",
            method: .routes
        ) { _ = try $0.unbind([six]) },
    ]

    @Test(arguments: rows)
    func request(row: Row) throws {
        let kernel = RouteKernel {
            $0.nextIndex = 2
            if row.type != RTM_NEWLINK { $0.add("kube-ipvs0", kind: "dummy") }
        }
        try row.call(AddressBinder(method: row.method, channel: kernel))
        let sent = try #require(kernel.messages.first { $0.type == row.type })
        #expect(sent.flags == UInt16(row.flags))
        var payload = sent.payload
        if row.type == RTM_NEWLINK {
            // libnl marks an attribute as nested, and counts the NUL at the end of a text. ip does neither; the kernel
            // accepts both.
            payload[35] -= 0x80
            payload[36] -= 1
        }
        #expect(payload.hex == row.payload)
    }
}
