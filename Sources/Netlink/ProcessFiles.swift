/// The file system of processes, /proc, which a chroot or a rescue system may not have.
package enum ProcessFiles {
    /// Whether it is missing.
    package static var areMissing: Bool { unsafe access("/proc/self", F_OK) != 0 }

    /// Why a file in it can't be opened if it is missing, as the second half of a sentence.
    package static let absence = "no file system of processes is at /proc"
}
