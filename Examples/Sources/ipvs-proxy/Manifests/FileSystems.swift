import Foundation

/// The types of file systems, of which some are changed by others without a notice from this kernel.
struct FileSystems: Sendable {
    /// The types by their devices.
    private let types: [UInt: String]

    /// The file systems from the text of `/proc/self/mountinfo`.
    ///
    /// Its third column is the device, such as `0:45`. The type follows after a hyphen, which a varying number of other
    /// columns precede.
    init(mounts text: String) {
        var types: [UInt: String] = [:]
        for line in text.split(separator: "\n") {
            let columns = line.split(separator: " ")
            guard columns.count > 3, let hyphen = columns.firstIndex(of: "-"), hyphen + 1 < columns.count else {
                continue
            }
            let numbers = columns[2].split(separator: ":").compactMap { UInt($0) }
            guard numbers.count == 2 else { continue }
            types[Self.device(major: numbers[0], minor: numbers[1])] = String(columns[hyphen + 1])
        }
        self.types = types
    }

    /// The file systems that this process sees. Without the file of mounts, none is known.
    static var current: FileSystems {
        FileSystems(mounts: (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? "")
    }

    /// The type of a file system that others can change without a notice from this kernel; nil for all others.
    ///
    /// An overlay is none of them, as changes through it have notices, and changes beneath it must not be made.
    ///
    /// - Parameter device: The number of the device.
    /// - Returns: The type.
    func silentType(of device: UInt) -> String? {
        guard let type = types[device] else { return nil }
        return Self.silentTypes.contains(type) || type.hasPrefix("fuse.") ? type : nil
    }

    /// The number of a device as `stat` has it, for which Swift can't use the C library's macro.
    static func device(major: UInt, minor: UInt) -> UInt {
        (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
    }

    /// Those of networks and of a virtual machine's host.
    private static let silentTypes: Set<String> = [
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse", "gfs2", "gpfs", "hostfs", "lustre", "ncpfs", "nfs", "nfs4",
        "ocfs2",
        "orangefs", "prl_fs", "smb3", "vboxsf", "virtiofs", "vmhgfs",
    ]
}
