import Foundation
import Glibc

/// What the kernel says of this process, under the names that all of Kubernetes' components have.
struct ProcessMetrics: Hashable, Sendable {
    /// The time that its threads have used processors.
    var processorTime: Duration

    /// When it was started, in seconds since 1970.
    var start: Double

    /// Its memory in bytes.
    var residentMemory: Int
    var virtualMemory: Int

    /// The most virtual memory that it may have; nil if there is no limit.
    var maxVirtualMemory: UInt64?

    /// Its open file descriptors.
    var openDescriptors: Int

    /// How many it may have; nil if there is no limit.
    var maxDescriptors: UInt64?

    /// The bytes that its network namespace has received and sent over IP; nil where the kernel doesn't count them.
    var received: UInt64?
    var sent: UInt64?
}

extension ProcessMetrics {
    /// Reads them from the file system of processes; nil where it can't be read.
    static func current() -> ProcessMetrics? {
        guard let stat = text("/proc/self/stat"), let system = text("/proc/stat"),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"),
            var metrics = ProcessMetrics(
                stat: stat,
                system: system,
                ticks: sysconf(Int32(_SC_CLK_TCK)),
                pageSize: sysconf(Int32(_SC_PAGESIZE))
            )
        else { return nil }
        // The list itself has one open.
        metrics.openDescriptors = descriptors.count - 1
        metrics.maxDescriptors = limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue))
        metrics.maxVirtualMemory = limit(__rlimit_resource_t(RLIMIT_AS.rawValue))
        if let traffic = text("/proc/self/net/netstat") {
            metrics.received = column("InOctets", of: "IpExt", in: traffic)
            metrics.sent = column("OutOctets", of: "IpExt", in: traffic)
        }
        return metrics
    }

    /// What the files `/proc/self/stat` and `/proc/stat` say.
    init?(stat: String, system: String, ticks: Int, pageSize: Int) {
        // The second column is the name of the program in parentheses, which can have both of them and spaces. The columns
        // are counted from the one after it, which is the third.
        guard let end = stat.lastIndex(of: ")"),
            let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })?.dropFirst(6),
            let bootTime = Double(boot)
        else { return nil }
        let columns = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace).map { Double($0) }
        func column(_ number: Int) -> Double? { number - 3 < columns.count ? columns[number - 3] : nil }
        guard let user = column(14), let kernel = column(15), let start = column(22), let virtual = column(23),
            let pages = column(24)
        else { return nil }
        self.init(
            processorTime: .seconds((user + kernel) / Double(ticks)),
            start: bootTime + start / Double(ticks),
            residentMemory: Int(pages) * pageSize,
            virtualMemory: Int(virtual),
            openDescriptors: 0
        )
    }

    /// A number of `/proc/net/netstat`, which has two lines for each group: the names of the columns, and the numbers.
    static func column(_ name: String, of group: String, in text: String) -> UInt64? {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("\(group):") }.map { $0.split(separator: " ") }
        guard lines.count == 2, let index = lines[0].firstIndex(of: name[...]), index < lines[1].count else {
            return nil
        }
        return UInt64(lines[1][index])
    }

    /// Nil for a file that can't be read, as without the file system of processes.
    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private static func limit(_ resource: __rlimit_resource_t) -> UInt64? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur != ~0 else { return nil }
        return UInt64(limit.rlim_cur)
    }
}

extension ProcessMetrics {
    /// The metrics by name, as other components have them.
    var families: [(name: String, kind: PrometheusText.Kind, help: String, value: Double)] {
        var families: [(name: String, kind: PrometheusText.Kind, help: String, value: Double)] = [
            (
                "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
                processorTime / .seconds(1)
            ),
            (
                "process_max_fds", .gauge, "Maximum number of open file descriptors.",
                maxDescriptors.map(Double.init) ?? .infinity
            ),
            ("process_open_fds", .gauge, "Number of open file descriptors.", Double(openDescriptors)),
            ("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", Double(residentMemory)),
            (
                "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.", start
            ),
            ("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", Double(virtualMemory)),
            (
                "process_virtual_memory_max_bytes", .gauge, "Maximum amount of virtual memory available in bytes.",
                maxVirtualMemory.map(Double.init) ?? .infinity
            ),
        ]
        if let received {
            families.append(
                (
                    "process_network_receive_bytes_total", .counter,
                    "Number of bytes received by the process over the network.", Double(received)
                )
            )
        }
        if let sent {
            families.append(
                (
                    "process_network_transmit_bytes_total", .counter,
                    "Number of bytes sent by the process over the network.", Double(sent)
                )
            )
        }
        return families
    }
}

extension ProcessMetrics {
    /// The metrics in Prometheus' text format.
    var text: String {
        var text = PrometheusText()
        for (name, kind, help, value) in families {
            text.begin(name, kind, help: help)
            var state = PrometheusText.State(kind)
            state.record(value)
            text.append(name, PrometheusText.Labels([]), state)
        }
        return text.description
    }
}
