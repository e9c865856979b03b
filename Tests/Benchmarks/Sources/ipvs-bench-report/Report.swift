import Foundation

/// All results of one boot of one machine.
struct Report: Encodable {
    let date: Date
    let kernel: String
    let processor: String
    let results: [Summary]

    init(_ results: [Summary]) {
        date = Date()
        self.results = results
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        kernel = "Linux \(release)"
        // Without this file the processor is unknown, which doesn't change the results.
        let cpus = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = cpus.split(separator: "\n").first { $0.hasPrefix("model name") || $0.contains("User Mode Linux") }
        processor = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    var text: String {
        let day = date.formatted(.iso8601.year().month().day())
        var lines = ["\(day), \(kernel), processor: \(processor)"]
        lines.append("Median milliseconds, × the floor's, [× the smallest size's]; the process's memory at its peak.")
        for (index, result) in results.enumerated() {
            let previous = index > 0 ? results[index - 1] : nil
            if previous?.services != result.services {
                let title = "\(result.services) x \(result.realServers)"
                lines += ["", pad(title, 18) + pad("program", 14) + "cold".leftPadded(12) + "warm".leftPadded(30)]
            }
            let isNew = previous?.services != result.services || previous?.workload != result.workload
            let name = isNew ? Self.names[result.workload] ?? result.workload : ""
            let figures = cells(result.cold) + (result.warm.map(cells) ?? "")
            lines.append(trim(pad(name, 18) + pad(result.program, 14) + figures) + memory(result))
        }
        return lines.joined(separator: "\n")
    }

    private static let names = [
        "W1": "W1 add all",
        "W2": "W2 read all",
        "W3": "W3 apply same",
        "W4": "W4 change weights",
        "W5": "W5 delete all",
        "W6": "W6 apply 1 %",
    ]

    private func memory(_ result: Summary) -> String {
        guard let peak = result.peakBytes, let faults = result.cold.pageFaults else { return "" }
        let warmFaults = result.warm?.pageFaults.map { ", \($0)" } ?? ""
        return String(format: "   %.1f MiB, page faults: ", Double(peak) / 1_048_576) + "\(faults)\(warmFaults)"
    }

    private func cells(_ figure: Summary.Figure) -> String {
        String(format: "%.2f", figure.medianSeconds * 1e3).leftPadded(12)
            + (figure.ratio.map { String(format: "×%.2f", $0) } ?? "").leftPadded(9)
            + (figure.growth.map { String(format: "[%.1f]", $0) } ?? "").leftPadded(9)
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func trim(_ line: String) -> String { String(line.reversed().drop { $0 == " " }.reversed()) }
}

extension String {
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
