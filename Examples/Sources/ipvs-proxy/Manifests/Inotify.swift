import Glibc

/// The kernel's notices of changes in folders and files.
///
/// A watch belongs to a folder or a file, whatever its path becomes.
final class Inotify: Sendable {
    /// It can be read when there are events. It is closed with this object.
    let descriptor: Int32

    init() throws(NoticeError) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { throw NoticeError(path: nil, number: errno) }
    }

    deinit { close(descriptor) }

    /// Watches a folder or a file for events. Those that are watched for already stay.
    ///
    /// - Returns: The number of the watch, which is the same for all paths of a folder or a file.
    func add(_ path: String, _ events: Event.Kinds) throws(NoticeError) -> Int32 {
        let watch = inotify_add_watch(descriptor, path, events.rawValue | UInt32(IN_MASK_ADD))
        guard watch >= 0 else { throw NoticeError(path: path, number: errno) }
        return watch
    }

    /// Ends a watch. One that has already ended, with its folder or file, is no error.
    func remove(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

    /// The events since the last call.
    func events() -> [Event] {
        var events: [Event] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                return events
            }
            events += Event.all(in: buffer[..<count])
        }
    }
}

extension Inotify {
    /// A change in a folder, or of a folder or a file itself.
    struct Event: Hashable, Sendable {
        /// The number of the watch; -1 if events were lost.
        let watch: Int32

        let kinds: Kinds

        /// The name in the folder; empty for the folder or the file itself.
        let name: String

        struct Kinds: OptionSet, Hashable, Sendable {
            let rawValue: UInt32

            static let modified = Kinds(rawValue: UInt32(IN_MODIFY))
            static let closedAfterWriting = Kinds(rawValue: UInt32(IN_CLOSE_WRITE))
            static let created = Kinds(rawValue: UInt32(IN_CREATE))
            static let lost = Kinds(rawValue: UInt32(IN_Q_OVERFLOW))
            static let ofFolder = Kinds(rawValue: UInt32(IN_ISDIR))

            /// Changes of what is where.
            static let ofNames = Kinds(
                rawValue: UInt32(
                    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
                )
            )

            /// Changes of files' contents.
            static let ofContents: Kinds = [.modified, .closedAfterWriting]
        }

        /// Decodes what the kernel has written: for each event four numbers of 32 bits, of which the last is the length of
        /// the name, and the name, filled up with NUL characters.
        static func all(in bytes: ArraySlice<UInt8>) -> [Event] {
            var events: [Event] = []
            var rest = bytes
            let length = MemoryLayout<inotify_event>.size
            while rest.count >= length {
                let numbers = rest.prefix(length).withUnsafeBytes { head in
                    (0..<4).map { head.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
                }
                rest = rest.dropFirst(length)
                let name = rest.prefix(Int(numbers[3]))
                rest = rest.dropFirst(name.count)
                events.append(
                    Event(
                        watch: Int32(bitPattern: numbers[0]),
                        kinds: Kinds(rawValue: numbers[1]),
                        name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                    )
                )
            }
            return events
        }
    }
}

/// Why the kernel gives no notice of changes.
struct NoticeError: Error, Hashable, CustomStringConvertible {
    let path: String?

    /// The error number of the C library.
    let number: Int32

    /// Whether the folder or the file is not there any more, of which there is a notice.
    var isAbsence: Bool { [ENOENT, ENOTDIR].contains(number) }

    var description: String {
        let reason =
            switch number {
            case ENOSPC: "more watches than fs.inotify.max_user_watches allows"
            case EMFILE: "more users of inotify than fs.inotify.max_user_instances allows"
            default: String(cString: strerror(number))
            }
        return [path, reason].compactMap(\.self).joined(separator: ": ")
    }
}
