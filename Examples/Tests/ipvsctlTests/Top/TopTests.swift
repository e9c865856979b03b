import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Synchronization
import Testing

extension KernelTests {
    /// `ipvsctl top` in a tmux terminal, and in a pipe, with real traffic.
    @Suite(.enabled(if: Tmux.hindrance == nil, "top is driven in tmux: \(Tmux.hindrance ?? "")"))
    struct TopOnATerminal {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
            let dns = VirtualServer(.udp(IPAddress(127, 0, 0, 9), 53), scheduler: .roundRobin)
            try handle.add(dns)
            for (number, weight) in [(1, 1), (2, 3)] as [(UInt8, UInt32)] {
                let address = IPAddress(127, 0, 0, number)
                try handle.add(RealServer(address, 5353, forwarding: .masquerade, weight: weight), to: dns.id)
            }
            let web = VirtualServer(.tcp(IPAddress(127, 0, 0, 9), 80), scheduler: .sourceHashing)
            try handle.add(web)
            try handle.add(RealServer(IPAddress(127, 0, 0, 3), 8080, forwarding: .directRouting), to: web.id)
        }

        /// The lines of a screen with `#` for each number above 0, and without what differs each time.
        private func normalised(_ screen: String) -> [String] {
            screen.split(separator: "\n").map { line in
                line.split(separator: " ").enumerated().map { place, word in
                    // The time of day; and figures, which follow the two words of a name.
                    if word.wholeMatch(of: /\d\d:\d\d:\d\d/) != nil { return "TIME" }
                    return place > 1 && word.wholeMatch(of: /\d+(\.\d)?[kMG]?/) != nil && word != "0" ? "#" : "\(word)"
                }.joined(separator: " ")
            }
        }

        @Test func aScreen() throws {
            let tmux = try Tmux(width: 100, height: 9)
            let before = try tmux.settings()
            let traffic = Traffic(namespace)
            defer { traffic.stop() }
            try tmux.type("\(Program.path) top --netns \(namespace.path) --interval 1; echo status $?")
            let expected = [
                "ipvsctl top TIME # virtual servers, # real servers",
                "SERVER WEIGHT ACTIVE INACT[CONN/s] PKT-IN/s PKT-OUT/s B-IN/s B-OUT/s",
                "UDP 127.0.0.9:53 rr # 0 # # # # # #",
                "127.0.0.1:5353 masquerade # 0 # # # # # #",
                "127.0.0.2:5353 masquerade # 0 # # # # # #",
                "TCP 127.0.0.9:80 sh # 0 0 0 0 0 0 0",
                "127.0.0.3:8080 direct-routing # 0 0 0 0 0 0 0",
                "q quit <> or letter: sort r reverse ^v scroll rows # to # of #",
            ]
            try eventually { try Set(normalised(tmux.screen())).isSuperset(of: expected) }
            let screen = try tmux.screen()
            // The two real servers get every other datagram, so either may be the first.
            #expect(normalised(screen).sorted() == expected.sorted())
            // The rate at which packets were sent, within the tolerance for two seconds of a busy machine.
            // Traffic that has just started has not lasted for two seconds yet.
            try eventually {
                let rate = try figure(4, of: "UDP 127.0.0.9:53", in: tmux.screen()) ?? 0
                return (traffic.rate / 2...traffic.rate * 2).contains(rate)
            }

            // By name TCP is first; in reverse order UDP.
            try tmux.press("n")
            try eventually { try tmux.screen().contains("[SERVER]") }
            #expect(try firstName(tmux.screen()) == "TCP")
            try tmux.press("r")
            try eventually { try firstName(tmux.screen()) == "UDP" }

            // A smaller screen has fewer rows and columns, and can be scrolled.
            try tmux.resize(width: 70, height: 6)
            try eventually { try normalised(tmux.screen()).last?.hasSuffix("rows # to # of #") == true }
            #expect(try tmux.screen().split(separator: "\n").count == 6)
            #expect(try !tmux.screen().contains("WEIGHT"))
            try tmux.press("Down")
            try eventually { try tmux.screen().contains("rows 2 to 4 of 5") }
            try tmux.resize(width: 100, height: 9)
            try eventually { try tmux.screen().contains("rows 1 to 5 of 5") && tmux.screen().contains("WEIGHT") }

            // A deleted server is removed, and nothing else happens.
            try handle.delete(.udp(IPAddress(127, 0, 0, 9), 53))
            try eventually { try tmux.screen().contains("rows 1 to 2 of 2") }
            try tmux.press("q")
            try tmux.expectEnd(status: 0, settings: before)
        }

        @Test("Each way to end restores the terminal", arguments: ["C-c", "TERM", "INT", "HUP"])
        func ends(by way: String) throws {
            let tmux = try Tmux(width: 80, height: 10)
            let before = try tmux.settings()
            try tmux.type("\(Program.path) top --netns \(namespace.path); echo status $?")
            try eventually { try tmux.screen().contains("rows 1 to 5 of 5") && tmux.isOnOtherScreen() }
            if way.hasPrefix("C-") {
                try tmux.press(way)
            } else {
                _ = try TestProcess.run(["kill", "-\(way)", "\(try tmux.program())"])
            }
            try tmux.expectEnd(status: 0, settings: before)
        }

        @Test func stopsAndGoesOn() throws {
            let tmux = try Tmux(width: 80, height: 10)
            let before = try tmux.settings()
            try tmux.type("\(Program.path) top --netns \(namespace.path); echo status $?")
            try eventually { try tmux.screen().contains("rows 1 to 5 of 5") }
            try tmux.press("C-z")
            try eventually { try !tmux.isOnOtherScreen() }
            #expect(try tmux.settings() == before)
            try tmux.type("fg")
            try eventually { try tmux.isOnOtherScreen() && tmux.screen().contains("rows 1 to 5 of 5") }
            try tmux.press("q")
            try eventually { try !tmux.isOnOtherScreen() }
            #expect(try tmux.settings() == before)
        }

        @Test func aCountOfLooks() throws {
            let tmux = try Tmux(width: 80, height: 10)
            let before = try tmux.settings()
            let line = "\(Program.path) top --netns \(namespace.path) --count 2 --interval 500ms; echo status $?"
            try tmux.type(line)
            try tmux.expectEnd(status: 0, settings: before)
        }

        @Test func colours() throws {
            let tmux = try Tmux(width: 80, height: 10)
            // It may be set in the environment of the tests.
            try tmux.type("NO_COLOR= \(Program.path) top --netns \(namespace.path)")
            try eventually { try tmux.screen().contains("rows 1 to 5 of 5") }
            #expect(try tmux.styledScreen().contains("\u{1b}["))
            try tmux.press("q")
            try eventually { try !tmux.isOnOtherScreen() }
            try tmux.type("NO_COLOR=1 \(Program.path) top --netns \(namespace.path)")
            try eventually { try tmux.screen().contains("rows 1 to 5 of 5") }
            #expect(try !tmux.styledScreen().contains("\u{1b}["))
            try tmux.press("q")
        }

        @Test func blocksInAPipe() throws {
            let traffic = Traffic(namespace)
            defer { traffic.stop() }
            try eventually { try handle.virtualServers().contains { $0.statistics.connections > 0 } }
            let result = try Program.run(
                "top",
                "--netns",
                namespace.path,
                "--interval",
                "1",
                "--count",
                "4",
                "--sort",
                "name"
            )
            #expect(result.status == 0, "\(result.all)")
            #expect(result.errors == "")
            #expect(!result.output.contains("\u{1b}"))
            let blocks = result.output.split(separator: "\n\n").map { normalised(String($0)) }
            #expect(blocks.count == 4)
            let expected = [
                "ipvsctl top TIME # virtual servers, # real servers",
                "[SERVER] WEIGHT ACTIVE INACT CONN/s PKT-IN/s PKT-OUT/s B-IN/s B-OUT/s",
                "TCP 127.0.0.9:80 sh # 0 0 0 0 0 0 0",
                "127.0.0.3:8080 direct-routing # 0 0 0 0 0 0 0",
                "UDP 127.0.0.9:53 rr # 0 # # # # # #",
                "127.0.0.1:5353 masquerade # 0 # # # # # #",
                "127.0.0.2:5353 masquerade # 0 # # # # # #",
            ]
            #expect(blocks.last == expected)
        }

        /// Invalid arguments are refused, and so is a namespace that doesn't exist.
        @Test func refusals() throws {
            for (arguments, sentence) in [
                (["--interval", "10ms"], "--interval must be at least 100ms"),
                (["--count", "0"], "for '--count <number>': it must be a number of at least 1"),
                (["--sort", "beauty"], "beauty"),
                (["--netns", "/nosuch"], "no network namespace /nosuch"),
            ] {
                let result = try Program.run(["top"] + arguments)
                #expect(result.status != 0)
                #expect(result.errors.contains(sentence), "\(result.all)")
                #expect(result.output == "")
            }
        }

        private func firstName(_ screen: String) -> Substring? {
            screen.split(separator: "\n").dropFirst(2).first?.split(separator: " ").first
        }

        /// The figure in a column of numbers of a server's line.
        private func figure(_ column: Int, of server: String, in screen: String) -> Double? {
            let line = screen.split(separator: "\n").first { $0.hasPrefix(server) }
            guard let words = line?.split(separator: " ").dropFirst(3), words.count > column else { return nil }
            return Double(words[words.startIndex + column])
        }
    }
}

/// Datagrams to the virtual server for UDP, each from another client, until it is stopped.
private final class Traffic: Sendable {
    private struct State {
        var count = 0
        var isStopped = false
        let start = ContinuousClock.now
    }

    private let state = Mutex(State())

    init(_ namespace: TestNamespace) {
        let descriptor = namespace.descriptor
        Thread.detachNewThread { [self] in
            guard enterNamespace(descriptor) == 0 else { return }
            while !state.withLock({ $0.isStopped }) {
                for _ in 0..<20 {
                    // A lost one makes the rate a little smaller, which is measured.
                    try? sendDatagram("some words", to: (127 << 24 | 9, 53), from: (127 << 24 | 1, 0))
                    state.withLock { $0.count += 1 }
                }
                usleep(200_000)
            }
        }
    }

    /// Datagrams per second.
    var rate: Double { state.withLock { Double($0.count) / ((ContinuousClock.now - $0.start) / .seconds(1)) } }

    func stop() { state.withLock { $0.isStopped = true } }
}
