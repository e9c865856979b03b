import IPVSFuzzing
import IPVSTestModels

@testable import IPVS
@testable import Netlink

extension FuzzTarget {
    /// A file of the kernel's connection table. The lowest bit of the first byte chooses the file, and the others the length of
    /// the pieces in which it is read.
    static let connections = FuzzTarget("connection-table", maximumLength: 20_000) { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let detail: ConnectionEntries.Detail = choice & 1 == 0 ? .persistence : .origin
        let content = Array(input.rest)
        let whole = try outcomes(of: content, pieces: .max, detail)
        for case .success(let entry) in whole {
            try hold(try decode(json(entry)) == entry, "the JSON of \(entry) is another entry's")
            try hold((entry.origin != nil) == (detail == .origin), "\(entry) has the origin of another file")
        }
        if choice > 1 {
            let parts = try outcomes(of: content, pieces: Int(choice >> 1), detail)
            try hold(parts == whole, "other entries in pieces of \(choice >> 1) bytes")
        }
    }

    /// Reads the lines of a file, each of which is an entry or an error.
    private static func outcomes(
        of content: [UInt8],
        pieces: Int,
        _ detail: ConnectionEntries.Detail
    ) throws -> [Result<ConnectionEntry, IPVSError>] {
        var entries = ConnectionEntries(PiecemealFile(content, pieces), showing: detail)
        var outcomes: [Result<ConnectionEntry, IPVSError>] = []
        while true {
            do throws(IPVSError) {
                guard let entry = try entries.next() else { return outcomes }
                outcomes.append(.success(entry))
            } catch {
                try error.check()
                outcomes.append(.failure(error))
            }
            // Each takes a byte at least, and that there is none is an error too.
            try hold(outcomes.count <= content.count + 1, "\(outcomes.count) lines in \(content.count) bytes")
        }
    }
}

/// A file that is read in pieces like those of the kernel.
private final class PiecemealFile: ReadableFile {
    private let rest: Locked<ArraySlice<UInt8>>
    private let length: Int

    init(_ content: [UInt8], _ length: Int) { (rest, self.length) = (Locked(content[...]), length) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        rest.withLock { rest in
            let piece = rest.prefix(min(length, buffer.count))
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    func close() {}
}
