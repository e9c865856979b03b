extension String {
    /// A part of a sentence if the text has an address with a zone, as `fe80::1%eth0` does; otherwise empty.
    package var zoneHint: String {
        guard let percent = utf8.firstIndex(of: UInt8(ascii: "%")),
            self[..<percent].utf8.contains(UInt8(ascii: ":"))
        else { return "" }
        return
            "; IPVS has no zones, so leave out \(String(self[percent...].prefix { !"]/, ".contains($0) }).abbreviated)"
    }
}
