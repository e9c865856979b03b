import ArgumentParser
import Common
import IPVS

/// Prints the kernel's table.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the kernel's table, to store, edit and apply it.",
        discussion: """
            Prints only the configuration, in a fixed order, so that equal tables result in equal files. All formats \
            hold the complete configuration.

            Examples:
              ipvsctl export > table.json
              ipvsctl export --netns blue --output blue.yaml
              ipvsctl export | ipvsctl apply - --netns green
            """
    )

    @Option(
        help: """
            The output format: json, yaml, or ipvsadm for that of ipvsadm -S. (default: that of the file's name, or json)
            """
    )
    var format: Format?

    @Option(
        help: ArgumentHelp("The file to write. If something fails, it stays as it was.", valueName: "file")
    )
    var output: String?

    @OptionGroup var namespace: NamespaceOption

    func run() throws {
        let format = format ?? output.flatMap(Format.init(path:)) ?? .json
        let text = try namespace.open().table().text(format)
        guard let output else { return Console.write(text) }
        do throws(FileError) {
            try FileReplacement.write(text, to: output)
        } catch {
            throw FileErrors(output, [error])
        }
    }
}
