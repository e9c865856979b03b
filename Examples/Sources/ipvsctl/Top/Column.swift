import ArgumentParser

extension Top {
    /// A column of the page, by which servers can be sorted.
    enum Column: String, CaseIterable, ExpressibleByArgument {
        case name, weight, active, inactive, connections
        case packetsIn = "packets-in"
        case packetsOut = "packets-out"
        case bytesIn = "bytes-in"
        case bytesOut = "bytes-out"

        /// The title.
        var title: String {
            switch self {
            case .name: "SERVER"
            case .weight: "WEIGHT"
            case .active: "ACTIVE"
            case .inactive: "INACT"
            case .connections: "CONN/s"
            case .packetsIn: "PKT-IN/s"
            case .packetsOut: "PKT-OUT/s"
            case .bytesIn: "B-IN/s"
            case .bytesOut: "B-OUT/s"
            }
        }

        /// The width including the space before it, or nil for names, which get the remaining width.
        var width: Int? { self == .name ? nil : max(8, title.count + 1) }

        /// The key that sorts by it.
        var key: Character {
            switch self {
            case .name: "n"
            case .weight: "w"
            case .active: "a"
            case .inactive: "i"
            case .connections: "c"
            case .packetsIn: "p"
            case .packetsOut: "P"
            case .bytesIn: "b"
            case .bytesOut: "B"
            }
        }

        /// The columns that a narrow screen leaves out, the least important first.
        static let dispensable: [Column] = [.weight, .packetsOut, .packetsIn, .inactive]

        /// The number for a server, or nil for the name.
        func value(_ row: Activity.Row) -> Double? {
            switch self {
            case .name: nil
            case .weight: Double(row.weight)
            case .active: Double(row.active)
            case .inactive: Double(row.inactive)
            case .connections: row.rates.connections
            case .packetsIn: row.rates.incomingPackets
            case .packetsOut: row.rates.outgoingPackets
            case .bytesIn: row.rates.incomingBytes
            case .bytesOut: row.rates.outgoingBytes
            }
        }

        /// The numbers for two servers, unless they are equal or not numbers.
        func differentValues(_ left: Activity.Row, _ right: Activity.Row) -> (Double, Double)? {
            guard let first = value(left), let second = value(right), first != second else { return nil }
            return (first, second)
        }

        /// The cell in a server's row, except for the name.
        func text(_ row: Activity.Row) -> String {
            guard let value = value(row) else { return row.name }
            switch self {
            case .name, .weight, .active, .inactive: return Figure.whole(value)
            case .connections, .packetsIn, .packetsOut, .bytesIn, .bytesOut: return Figure.rate(value)
            }
        }
    }

    /// Numbers in few characters, with powers of 1000: `7`, `0.4`, `99999`, `123k`, `4.5M`.
    enum Figure {
        /// A whole number.
        static func whole(_ value: Double) -> String { value < 100_000 ? "\(Int(value))" : scaled(value) }

        /// A number with a fraction if it is small.
        static func rate(_ value: Double) -> String {
            switch value {
            case ..<0.05: "0"
            case ..<9.95: oneDigit(value)
            default: whole(value.rounded())
            }
        }

        private static func scaled(_ value: Double) -> String {
            var rest = value
            for unit in ["k", "M", "G", "T", "P"] {
                rest /= 1_000
                if rest < 9.95 { return "\(oneDigit(rest))\(unit)" }
                if rest < 999.5 { return "\(Int(rest.rounded()))\(unit)" }
            }
            return "\(Int(rest / 1_000))E"
        }

        private static func oneDigit(_ value: Double) -> String {
            let tenths = Int((value * 10).rounded())
            return "\(tenths / 10).\(tenths % 10)"
        }
    }
}
