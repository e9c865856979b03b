/// When the files of manifests are looked at.
struct ManifestTiming: Sendable {
    /// How long files must not have changed to count as complete.
    var rest = Duration.milliseconds(100)

    /// The same while one of them is open that has been written to. Whoever writes it may need a moment to go on.
    var openRest = Duration.milliseconds(500)

    /// The time between two looks at files that keep changing.
    var patience = Duration.milliseconds(500)

    /// The time between two looks at files of which the kernel gives no notice.
    var interval = Duration.milliseconds(500)

    /// The time between two looks in any case, as there are changes without a notice: those through a memory map, a second
    /// name of a file, or a file system that is mounted over a folder.
    var safetyInterval = Duration.seconds(30)
}
