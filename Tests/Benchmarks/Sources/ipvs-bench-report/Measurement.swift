/// A line of what the programs print: what one run took.
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
