/// A line of the programs' output: the measurement of one run.
struct Measurement: Decodable {
    let program: String
    let workload: String
    let services: Int
    let realServers: Int
    let pass: Int
    let seconds: Double
    let pageFaults: Int?
    let peakBytes: Int?
}
