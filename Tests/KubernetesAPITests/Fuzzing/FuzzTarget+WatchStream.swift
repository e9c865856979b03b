import Foundation
import IPVSFuzzing
import NIOCore

@testable import KubernetesAPI

extension FuzzTarget {
    /// The stream of a watch's events: the first four bytes are the sizes of the chunks in which the others come.
    static let watchStream = FuzzTarget("watch-stream") { bytes in
        let sizes = bytes.prefix(4).map { Int($0 & 63) + 1 }
        let stream = Array(bytes.dropFirst(4))
        let expected = SplitStream(stream)
        for sizes in [[max(1, stream.count)], [1], sizes] where !sizes.isEmpty {
            let split = SplitStream(stream, in: sizes)
            try hold(split == expected, "\(split), but \(expected) with chunks of \(sizes)")
        }
        for line in expected.lines { try checkEvent(line) }
    }
}

/// The lines of a stream.
private struct SplitStream: Equatable {
    private static let limit = 1_000

    private(set) var lines: [[UInt8]] = []

    /// Whether a line was too long, which ends the stream.
    private var isBroken = false

    /// Whether there are bytes after the last line.
    private var hasRest = false

    /// What the lines should be.
    init(_ stream: [UInt8]) {
        var parts = stream.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        let rest = parts.popLast() ?? []
        lines = Array(parts.prefix { $0.count <= Self.limit })
        isBroken = lines.count < parts.count || rest.count > Self.limit
        hasRest = !isBroken && !rest.isEmpty
    }

    /// What they are if the stream comes in chunks, whose sizes repeat.
    init(_ stream: [UInt8], in sizes: [Int]) {
        var splitter = LineSplitter(limit: Self.limit)
        var rest = stream[...]
        var number = 0
        do throws(LineSplitter.TooLong) {
            while !rest.isEmpty {
                splitter.append(ByteBuffer(bytes: rest.prefix(sizes[number % sizes.count])))
                rest = rest.dropFirst(sizes[number % sizes.count])
                number += 1
                while let line = try splitter.next() { lines.append(Array(line.readableBytesView)) }
            }
            hasRest = splitter.hasRest
        } catch {
            isBroken = true
        }
    }
}

/// An event has an object with a name, the reason why it has none, or a version.
private func checkEvent(_ line: [UInt8]) throws {
    // A line that is no event ends a watch with an error.
    guard let event = try? JSONDecoder().decode(RawWatchEvent<CoreV1.Service>.self, from: Data(line)) else { return }
    switch event {
    case .event(.added(let object)), .event(.modified(let object)), .event(.deleted(let object)):
        try hold(!object.metadata.name.isEmpty, "an object has no name")
    case .event(.unreadable(let object)):
        try hold(object.name?.name != "", "an unreadable object has an empty name")
        try holdIsSentence(object.reason)
    case .event(.bookmark(let version, _)): try hold(!version.isEmpty, "a bookmark has no version")
    case .error(let status):
        try holdIsSentence(APIError(APIRequest(watch: CoreV1.Service.self, WatchOptions()), status).message)
    case .unknown(let type):
        let known = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
        try hold(!known.contains(type), "\(type) is a known type")
    }
}
