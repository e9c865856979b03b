import IPVSFuzzing

@testable import ipvs_proxy

extension FuzzTarget {
    /// What the kernel writes about changed files.
    static let inotifyEvents = FuzzTarget("inotify-events") { bytes in
        let events = Inotify.Event.all(in: bytes[...])
        try hold(events.allSatisfy { !$0.name.utf8.contains(0) }, "a name has a NUL: \(events)")
        let moved = Inotify.Event.all(in: ([0] + bytes)[1...])
        try hold(moved == events, "\(moved) at another address, but \(events)")
        let parts = eventParts(bytes)
        try hold(parts.count == events.count, "\(events.count) events in \(parts.count) parts")
        // The kernel may write the same events in two parts.
        let count = bytes.count % (parts.count + 1)
        let split = [parts.prefix(count), parts.dropFirst(count)].flatMap { parts in
            Inotify.Event.all(in: Array(parts.joined())[...])
        }
        try hold(split == events, "\(split) in two parts, but \(events)")
    }
}

/// The bytes of each event: 16, of which the last four are the length of the name, and the name.
private func eventParts(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while rest.count >= 16 {
        let length = rest.dropFirst(12).prefix(4).withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
        parts.append(rest.prefix(16 + length))
        rest = rest.dropFirst(16 + length)
    }
    return parts
}
