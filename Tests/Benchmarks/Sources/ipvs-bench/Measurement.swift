import Glibc

/// The measurement of one run.
struct Measurement {
    let workload: Workload
    let layout: Layout
    let pass: UInt32
    let start: Instant
    let end: Instant

    var seconds: Double { end.seconds - start.seconds }

    /// The number of page faults, which make a cold run slow.
    var pageFaults: Int { end.pageFaults - start.pageFaults }

    var json: String {
        """
        {"program":"swift-ipvs","workload":"\(workload.rawValue)","services":\(layout.services),\
        "realServers":\(layout.realServers),"pass":\(pass),"seconds":\(seconds),\
        "pageFaults":\(pageFaults),"peakBytes":\(end.peakBytes)}
        """
    }

    var text: String {
        let microseconds = (seconds * 1e6).rounded()
        return "\(workload.rawValue) \(pass == 1 ? "cold" : "warm") \(microseconds / 1e3) ms, "
            + "\(pageFaults) page faults, peak memory \(end.peakBytes >> 10) KiB"
    }
}

/// A point in time of this process.
struct Instant {
    /// The time of a monotonic clock.
    let seconds: Double

    let pageFaults: Int

    /// The peak memory use of the process so far.
    let peakBytes: Int

    static var now: Instant {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(
            seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9,
            pageFaults: usage.ru_minflt,
            // Linux counts it in KiB.
            peakBytes: usage.ru_maxrss * 1024
        )
    }
}
