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
              ipvsctl export --format yaml --netns blue > blue.yaml
              ipvsctl export | ipvsctl apply - --netns green
            """
    )

    @Option(help: "The output format: json, yaml, or ipvsadm for that of ipvsadm -S.")
    var format = Format.json

    @OptionGroup var namespace: NamespaceOption

    func run() throws {
        Console.write(try namespace.open().table().text(format))
    }
}
