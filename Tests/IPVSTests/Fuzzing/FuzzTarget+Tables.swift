import Foundation
import IPVSFuzzing

@testable import IPVS

extension FuzzTarget {
    /// JSON of a table, or of any other model.
    static let tables = FuzzTarget("tables-json") { bytes in
        let json = Data(bytes)
        try check(json, as: Table.self)
        try check(json, as: Table.Entry.Status.self)
        try check(json, as: VirtualServer.Status.self)
        try check(json, as: RealServer.Status.self)
        try check(json, as: VirtualServer.self)
        try check(json, as: RealServer.self)
        try check(json, as: SyncDaemon.self)
        try check(json, as: Timeouts.self)
        try check(json, as: KernelInfo.self)
        try check(json, as: ConnectionEntry.self)
        for entry in try decode(json, as: Table.self)?.entries ?? [] {
            try entry.server.checkRoundTrip()
            for real in entry.realServers { try real.checkRoundTrip(in: entry.server.id) }
        }
    }

    /// Expects that what is written of a value is read as the same one.
    private static func check<Value: Codable & Equatable>(_ json: Data, as type: Value.Type) throws {
        guard let value = try decode(json, as: type) else { return }
        let again = try JSONDecoder().decode(type, from: JSONEncoder().encode(value))
        try hold(again == value, "\(value) becomes \(again)")
    }

    /// The value; nil if the JSON is none or another one's.
    private static func decode<Value: Decodable>(_ json: Data, as type: Value.Type) throws -> Value? {
        do { return try JSONDecoder().decode(type, from: json) } catch is DecodingError { return nil }
    }
}
