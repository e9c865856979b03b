import ArgumentParser
import Common
import IPVS

/// Prints the kernel's table.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the kernel's table, so that it can be kept, changed and applied.",
        discussion: """
            It is the configuration alone, in a fixed order, so that equal tables give equal files. Nothing is \
            lost, in any of the forms.

            Examples:
              ipvsctl export > table.json
              ipvsctl export --format yaml --netns blue > blue.yaml
              ipvsctl export | ipvsctl apply - --netns green
            """
    )

    @Option(help: "The form to print it in: json, yaml, or ipvsadm for the lines of ipvsadm -S.")
    var format = Format.json

    @OptionGroup var namespace: NamespaceOption

    func run() throws {
        Console.write(try namespace.open().table().text(format))
    }
}
