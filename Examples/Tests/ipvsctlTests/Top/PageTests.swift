import Testing

@testable import IPVS
@testable import ipvsctl

@Suite("The page of top")
struct PageTests {
    private static let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private static let dns = VirtualServer(.udp(IPAddress(10, 96, 0, 1), 53), scheduler: .weightedLeastConnection)
    private static let caption = Top.Caption(time: "10:15:00")

    /// A server's status, with a number of established connections, and packets per second by the kernel's estimate.
    private static func real(_ number: UInt8, active: UInt32, rate: UInt64, weight: UInt32 = 1) -> RealServer.Status {
        RealServer.Status(
            server: RealServer(IPAddress(10, 0, 0, number), 8080, forwarding: .masquerade, weight: weight),
            activeConnections: active,
            inactiveConnections: 2,
            persistentConnections: 0,
            statistics: statistics(rate)
        )
    }

    private static func statistics(_ rate: UInt64) -> Statistics {
        var statistics = Statistics()
        statistics.rates.connections = rate
        statistics.rates.incomingPackets = rate * 12
        statistics.rates.incomingBytes = rate * 12_345
        return statistics
    }

    private static func activity() -> Top.Activity {
        var activity = Top.Activity()
        activity.update(
            Top.Snapshot(
                time: .zero,
                services: [
                    .init(
                        virtualServer: .init(server: web, statistics: statistics(3)),
                        realServers: [real(1, active: 7, rate: 1, weight: 0), real(2, active: 5, rate: 2, weight: 100)]
                    ),
                    .init(
                        virtualServer: .init(server: dns, statistics: statistics(40)),
                        realServers: [real(3, active: 0, rate: 40)]
                    ),
                ]
            )
        )
        return activity
    }

    private func names(_ column: Top.Column, isReversed: Bool = false) -> [String] {
        Self.activity().sorted(by: column, isReversed: isReversed).flatMap { service in
            ([service.row] + service.realServers).map { $0.name.split(separator: " ")[0...1].joined(separator: " ") }
        }
    }

    @Test("The greatest first, and real servers below their virtual server")
    func sorting() {
        let (tcp, udp) = ("TCP 10.96.0.1:80", "UDP 10.96.0.1:53")
        let (one, two, three) = ("10.0.0.1:8080 masquerade", "10.0.0.2:8080 masquerade", "10.0.0.3:8080 masquerade")
        #expect(names(.connections) == [udp, three, tcp, two, one])
        #expect(names(.connections, isReversed: true) == [tcp, one, two, udp, three])
        #expect(names(.active) == [tcp, one, two, udp, three])
        #expect(names(.weight) == [tcp, two, one, udp, three])
        #expect(names(.name) == [tcp, one, two, udp, three])
        #expect(names(.name, isReversed: true) == [udp, three, tcp, two, one])
        // Equal ones stay in the order of their names, whichever way the column is sorted.
        #expect(names(.packetsOut) == [tcp, one, two, udp, three])
        #expect(names(.packetsOut, isReversed: true) == [tcp, one, two, udp, three])
    }

    @Test("The whole page as plain lines")
    func plain() {
        let lines = Top.Page(Self.activity(), Top.View(), Self.caption).lines
        let expected = """
            ipvsctl top  10:15:00  2 virtual servers, 3 real servers
            SERVER                      WEIGHT  ACTIVE   INACT[CONN/s] PKT-IN/s PKT-OUT/s  B-IN/s B-OUT/s
            UDP 10.96.0.1:53 wlc             1       0       2      40      480         0    494k       0
              10.0.0.3:8080 masquerade       1       0       2      40      480         0    494k       0
            TCP 10.96.0.1:80 rr            100      12       4     3.0       36         0   37035       0
              10.0.0.2:8080 masquerade     100       5       2     2.0       24         0   24690       0
              10.0.0.1:8080 masquerade       0       7       2     1.0       12         0   12345       0
            """
        #expect(lines.map(\.text).joined(separator: "\n") == expected)
        #expect(lines.map(\.role) == [.title, .heading, .service, .realServer, .service, .realServer, .realServer])
    }

    @Test("An error has its own line, and the servers stay")
    func error() {
        var caption = Self.caption
        caption.error = "can't list virtual servers: no"
        var view = Top.View()
        let lines = Top.Page(Self.activity(), &view, caption, size: Top.Size(width: 100, height: 10)).lines
        #expect(lines[1] == Top.Page.Line(role: .error, text: "can't list virtual servers: no"))
        #expect(lines.filter { $0.role == .service }.count == 2)
        #expect(lines.count == 10)
    }

    @Test("A screen of any size is filled and never exceeded")
    func sizes() {
        for width in 1...130 {
            for height in 1...14 {
                for offset in [0, 2, 100] {
                    var view = Top.View(column: .bytesOut, offset: offset)
                    let size = Top.Size(width: width, height: height)
                    let page = Top.Page(Self.activity(), &view, Self.caption, size: size)
                    #expect(page.lines.count == height || height < 4 && page.lines.count <= height)
                    #expect(page.lines.allSatisfy { $0.text.count <= width })
                    #expect((0...4).contains(view.offset))
                }
            }
        }
    }

    @Test("A narrow screen omits less important columns, but not the sorted one")
    func narrow() {
        func heading(_ width: Int, _ column: Top.Column) -> String {
            var view = Top.View(column: column)
            let page = Top.Page(Self.activity(), &view, Self.caption, size: Top.Size(width: width, height: 10))
            return page.lines[1].text.split(separator: " ").joined(separator: " ")
        }
        #expect(heading(120, .active) == "SERVER WEIGHT[ACTIVE] INACT CONN/s PKT-IN/s PKT-OUT/s B-IN/s B-OUT/s")
        #expect(heading(90, .active) == "SERVER [ACTIVE] INACT CONN/s PKT-IN/s PKT-OUT/s B-IN/s B-OUT/s")
        #expect(heading(80, .active) == "SERVER [ACTIVE] INACT CONN/s PKT-IN/s B-IN/s B-OUT/s")
        #expect(heading(60, .active) == "SERVER [ACTIVE] CONN/s B-IN/s B-OUT/s")
        #expect(heading(66, .weight) == "SERVER [WEIGHT] ACTIVE CONN/s B-IN/s B-OUT/s")
    }

    @Test("More servers than lines are scrolled, and the last line shows the position")
    func scrolling() {
        let size = Top.Size(width: 100, height: 5)
        var view = Top.View(column: .name)
        func shown() -> [String] {
            Top.Page(Self.activity(), &view, Self.caption, size: size).lines.map(\.text)
        }
        var lines = shown()
        #expect(lines[2].hasPrefix("TCP 10.96.0.1:80 rr"))
        #expect(lines[4].hasSuffix("rows 1 to 2 of 5"))
        _ = view.press(.down, pageRows: 2)
        lines = shown()
        #expect(lines[2].hasPrefix("  10.0.0.1:8080"))
        #expect(lines[4].hasSuffix("rows 2 to 3 of 5"))
        _ = view.press(.end, pageRows: 2)
        lines = shown()
        #expect(lines[3].hasPrefix("  10.0.0.3:8080"))
        #expect(lines[4].hasSuffix("rows 4 to 5 of 5"))
    }

    @Test("A table without servers, and one whose servers are removed and added")
    func changes() {
        var activity = Self.activity()
        activity.update(Top.Snapshot(time: .seconds(1), services: []))
        #expect(activity.services.isEmpty)
        let lines = Top.Page(activity, Top.View(), Self.caption).lines
        #expect(lines.count == 2)
        #expect(lines[0].text == "ipvsctl top  10:15:00  0 virtual servers, 0 real servers")
        // Rates of a server that was added again are the kernel's.
        var statistics = Self.statistics(9)
        statistics.connections = 1_000
        activity.update(
            Top.Snapshot(
                time: .seconds(2),
                services: [.init(virtualServer: .init(server: Self.web, statistics: statistics), realServers: [])]
            )
        )
        #expect(activity.services.first?.row.rates.connections == 9)
        statistics.connections = 1_100
        activity.update(
            Top.Snapshot(
                time: .seconds(3),
                services: [.init(virtualServer: .init(server: Self.web, statistics: statistics), realServers: [])]
            )
        )
        #expect(activity.services.first?.row.rates.connections == 50)
    }

    @Test(
        "Figures are short",
        arguments: [
            (0, "0"), (0.04, "0"), (0.05, "0.1"), (1, "1.0"), (9.94, "9.9"), (9.96, "10"), (10.4, "10"), (999, "999"),
            (12_345, "12345"), (99_999.4, "99999"), (99_999.6, "100k"), (123_456, "123k"), (999_499, "999k"),
            (999_500, "1.0M"), (1_234_567, "1.2M"), (9_950_000, "10M"), (123_456_789, "123M"), (1.5e9, "1.5G"),
            (2.5e12, "2.5T"), (2.5e15, "2.5P"), (1.8e19, "18E"),
        ]
    )
    func figures(value: Double, text: String) {
        #expect(Top.Figure.rate(value) == text)
    }

    @Test("Counts have no decimals")
    func counts() {
        #expect([0, 7, 99_999, 100_000, 4_294_967_295].map(Top.Figure.whole) == ["0", "7", "99999", "100k", "4.3G"])
    }
}
