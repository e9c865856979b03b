import ArgumentParser
import IPVS
import IPVSNode
import IPVSProxy
import Testing

@testable import ipvs_proxy

@Suite struct ArgumentValues {
    @Test(
        arguments: [
            ("0", Duration.zero), ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("1m30s", .seconds(90)),
            ("1.5h", .seconds(5_400)), ("1h2m3s4ms5us6ns", .nanoseconds(3_723_004_005_006)), ("7µs", .microseconds(7)),
            ("0s", .zero), ("0.5s", .milliseconds(500)), ("100h", .seconds(360_000)),
        ]
    )
    func durations(text: String, duration: Duration) { #expect(Duration(goText: text) == duration) }

    @Test(arguments: [
        "", "1", "30", "s", "1d", "-1s", "1 s", "1s ", ".5s", "1.s", "1e3s", "99999999999h", "99999999999999999999s",
        "1m 30s", "٣s",
    ])
    func noDurations(text: String) { #expect(Duration(goText: text) == nil) }

    @Test(arguments: [
        ("0", UInt32(0)), ("2h", 7_200), ("1m30s", 90), ("1.5m", 90), ("1000ms", 1), ("21474836s", 21_474_836),
    ])
    func idleTimeouts(text: String, seconds: UInt32) throws {
        #expect(try IdleTimeout(argument: text).seconds == seconds)
        let settings = try Settings(
            ["a.yaml", "--ipvs-tcp-timeout", text, "--ipvs-udp-timeout", "1m"],
            environment: [:]
        )
        let timeouts = settings.proxier().timeouts
        #expect(timeouts == Timeouts(tcp: seconds == 0 ? nil : seconds, udp: 60))
    }

    @Test(arguments: [
        ("500ms", "it must be a whole number of seconds"), ("1.5s", "it must be a whole number of seconds"),
        ("21474837s", "it must be at most 21474836s, as the kernel can't count more"),
        ("800000h", "it must be at most 21474836s, as the kernel can't count more"),
        ("900", "it must be a duration, such as 500ms, 30s or 1m30s"),
        ("-1s", "it must be a duration, such as 500ms, 30s or 1m30s"),
    ])
    func noIdleTimeouts(text: String, reason: String) {
        for name in ["--ipvs-tcp-timeout", "--ipvs-tcpfin-timeout", "--ipvs-udp-timeout"] {
            let error = #expect(throws: (any Error).self) { try Options.parse(["a.yaml", "\(name)=\(text)"]) }
            #expect(error.map { Options.message(for: $0).hasSuffix("\(name) <time>': \(reason)") } == true)
        }
    }

    @Test func trackedConnections() throws {
        func settings(_ arguments: String...) throws -> [Sysctl] {
            try Settings(["a.yaml"] + arguments, environment: [:]).proxier().sysctls
                .filter { $0.name.contains("nf_conntrack") }
        }
        #expect(try settings().isEmpty)
        #expect(try settings("--conntrack-max-per-core=0", "--conntrack-min=9").isEmpty)
        let tcp = "net.netfilter.nf_conntrack_tcp_timeout_"
        #expect(
            try settings("--conntrack-tcp-timeout-established=24h", "--conntrack-tcp-timeout-close-wait", "0")
                == [Sysctl("\(tcp)established", 86_400)]
        )
        #expect(
            try settings(
                "--conntrack-max-per-core=1",
                "--conntrack-min=1000000",
                "--conntrack-tcp-timeout-close-wait=1h"
            )
                == [Sysctl("net.netfilter.nf_conntrack_max", 1_000_000), Sysctl("\(tcp)close_wait", 3_600)]
        )
    }

    @Test(arguments: ["-1", "+1", "1.5", "2147483648", "99999999999", "0x10", "32k"])
    func noCounts(text: String) {
        for name in ["--conntrack-max-per-core", "--conntrack-min"] {
            let error = #expect(throws: (any Error).self) { try Options.parse(["a.yaml", "\(name)=\(text)"]) }
            let reason = "\(name) <number>': it must be a whole number from 0 to 2147483647"
            #expect(error.map { Options.message(for: $0).hasSuffix(reason) } == true)
        }
    }

    @Test func servingAddresses() throws {
        func endpoint(_ text: String) throws -> Endpoint? { try ServingAddress(argument: text, port: 10_256).endpoint }
        #expect(try endpoint("0.0.0.0:10250") == Endpoint(IPAddress(0, 0, 0, 0), 10_250))
        #expect(try endpoint("[::]:80")?.description == "[::]:80")
        #expect(try endpoint("127.0.0.1")?.description == "127.0.0.1:10256")
        #expect(try endpoint("::1")?.description == "[::1]:10256")
        for nowhere in ["", "none", "127.0.0.1:0"] { #expect(try endpoint(nowhere) == nil) }
        for wrong in ["10256", ":80", "localhost:80", "127.0.0.1:", "[fe80::1%eth0]:80", "127.0.0.1:65536"] {
            #expect(throws: ValidationError.self, "\(wrong)") { try endpoint(wrong) }
        }
    }

    @Test func blocks() throws {
        // Bits behind the prefix don't matter.
        let blocks = try Blocks(argument: "10.0.0.1/8,192.0.2.1,fd00::5/8,0.0.0.0/0").blocks
        #expect(blocks.map(\.description) == ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8", "0.0.0.0/0"])
        for wrong in [
            "", "10.0.0.0/8,", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/8/8", "a", "fe80::1%eth0",
        ] {
            #expect(throws: ValidationError.self, "\(wrong)") { try Blocks(argument: wrong) }
        }
    }
}
