import IPVS
import IPVSTestModels

/// Random command lines: with options that are often valid together and often not, with values that are mostly valid,
/// and with few servers, so that many of them exist.
struct RandomLines {
    private var models: RandomModels

    init(seed: UInt64) { models = RandomModels(seed: seed) }

    mutating func line() -> [String] {
        let command = models.pick([
            "-A", "-A", "-A", "-A", "-E", "-E", "-D", "-a", "-a", "-a", "-a", "-a", "-e", "-e", "-d", "-Z", "--set",
            "-L",
            "--add-service", "--add-server",
        ])
        var words = [command]
        switch command {
        case "-A", "-E", "--add-service": words += service() + some(of: serviceOptions())
        case "-D", "-Z": words += service()
        case "-a", "-e", "--add-server": words += service() + real() + some(of: realOptions())
        case "-d": words += service() + real()
        case "-L":
            words += ["-n"] + some(of: ["--stats", "--exact", "--tun-info", "--thresholds", "--rate"].map { [$0] })
        default: words += (0..<3).map { _ in number(["0", "30", "2678400"], ["2678401", "x"]) }
        }
        // Something that doesn't belong there.
        if models.once(in: 12) {
            words += models.pick([["-n"], ["word"], ["--frob"], ["-6"], ["-L"], ["-w"], ["--sort"]])
        }
        if models.once(in: 25) { words.removeLast() }
        return words
    }

    private mutating func some(of options: [[String]]) -> [String] {
        models.shuffled(options).filter { _ in models.once(in: 3) }.flatMap { $0 }
    }

    private mutating func number(_ valid: [String], _ invalid: [String]) -> String {
        models.pick(models.once(in: 25) ? invalid : valid)
    }

    private mutating func service() -> [String] {
        let address = number(
            ["10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:http", "[fd00::1]:80"],
            ["10.0.0.1", "", "[fd00::1]", "10.0.0.3:0"]
        )
        return switch models.number(0...UInt8(9)) {
        case 0...5: ["-t", address]
        case 6: ["-u", address]
        case 7: ["--sctp-service=" + address]
        case 8: ["-f", number(["1", "2"], ["0", "x"])]
        default: ["-f", "1", "-6"]
        }
    }

    private mutating func serviceOptions() -> [[String]] {
        let persistence = models.pick([["-p"], ["-p", "300"], ["-p300"], ["-p=7"], ["--persistent=9"], ["-p", "0"]])
        return [
            ["-s", number(["rr", "wrr", "lc", "sh", "mh", ""], ["nosuch"])], persistence,
            ["-M", number(["255.255.255.0", "64", "128"], ["0", "129", "x.invalid"])], ["-o"],
            ["-b", number(["flag-1", "flag-2,flag-1"], ["flag-9", "sh-port", "mh-fallback"])],
        ]
    }

    private mutating func real() -> [String] {
        ["-r", number(["10.1.0.1:80", "10.1.0.2", "10.1.0.1:8080", "[fd00::2]:80"], ["", "10.1.0.1:x", "224.0.0.1"])]
    }

    private mutating func realOptions() -> [[String]] {
        [
            models.pick([["-g"], ["-m"], ["-i"]]), ["-w", number(["0", "1", "65535"], ["-1", "x"])],
            ["-x", number(["0", "10"], ["-1"])], ["-y", number(["0", "5"], ["11"])],
            models.pick([
                ["-i", "--tun-type", "gue", "--tun-port", "6080"], ["-i", "--tun-type=gre", "--tun-csum"],
                ["-i", "--tun-type", "ipip", "--tun-csum"], ["-i", "--tun-type", "gue"], ["--tun-remcsum"],
            ]),
        ]
    }
}
