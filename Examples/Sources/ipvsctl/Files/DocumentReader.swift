import Common
import IPVS
import Yams

/// Reads a table from a document and collects all errors.
struct DocumentReader {
    private(set) var errors: Several<FileError> = []
    private let decoder = YAMLDecoder()

    /// The table of a document, without parts that have errors.
    mutating func table(_ root: Place) -> Table {
        var table = Table()
        var lines: [VirtualServer.Identity: Int] = [:]
        _ = isGood(root, .table)
        for place in root["services"]?.elements ?? [] {
            guard let entry = entry(place) else { continue }
            let id = entry.server.id
            do throws(Table.Conflict) {
                try table.insert(entry)
                lines[id] = place.line
            } catch {
                errors.append(place.nearest(["id"] as [Name]).error("\(error)\(Self.seen(lines[id]))"))
            }
        }
        return table
    }

    /// The entry at a place; also one with errors if its identity is known, so that duplicates of it are found.
    private mutating func entry(_ place: Place) -> Table.Entry? {
        let server = isGood(place, .service) ? decode(VirtualServer.self, place) : nil
        if let server { refuse(Table.Entry(server).invalidValues, at: place) }
        let id = place["id"]?.node.string.flatMap(VirtualServer.Identity.init)
        var entry = (server ?? id.map { VirtualServer($0) }).map { Table.Entry($0) }
        var lines: [Endpoint: Int] = [:]
        for place in place["realServers"]?.elements ?? [] {
            guard isGood(place, .realServer), let real = decode(RealServer.self, place), let id else { continue }
            var alone = Table.Entry(VirtualServer(id))
            alone.replace(real)
            refuse(alone.invalidValues, at: place)
            if entry?.replace(real) != nil {
                let reason = "\(id) has two real servers at \(real.endpoint)\(Self.seen(lines[real.endpoint]))"
                errors.append(place.nearest(["endpoint"] as [Name]).error(reason))
            }
            lines[real.endpoint] = place.line
        }
        return entry
    }

    private static func seen(_ line: Int?) -> String { line.map { "; the first is in line \($0)" } ?? "" }

    private mutating func isGood(_ place: Place, _ shape: Shape) -> Bool {
        let found = shape.errors(at: place)
        errors += found
        return found.isEmpty
    }

    private mutating func decode<Value: Decodable>(_ type: Value.Type, _ place: Place) -> Value? {
        do {
            return try decoder.decode(type, from: place.node)
        } catch let error as DecodingError {
            switch error {
            case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
                .keyNotFound(_, let context):
                errors.append(place.nearest(context.codingPath).error(context.debugDescription))
            @unknown default:
                errors.append(place.error("\(error)"))
            }
        } catch {
            errors.append(place.error("\(error)"))
        }
        return nil
    }

    /// Reports values that no kernel accepts, with their places.
    private mutating func refuse(_ invalid: [IPVSError], at place: Place) {
        for error in invalid {
            let path = error.field?.keys.map(Name.init(stringValue:)) ?? []
            errors.append(place.nearest(path).error(error.reason))
        }
    }
}

/// The name of a field.
private struct Name: CodingKey, ExpressibleByStringLiteral, Sendable {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral name: String) { stringValue = name }
    init(stringValue name: String) { stringValue = name }
    init?(intValue: Int) { nil }
}
