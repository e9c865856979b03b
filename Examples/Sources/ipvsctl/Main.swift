import Glibc

/// A command line that doesn't begin with a subcommand is one of ipvsadm.
@main
struct Main {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        // --help is also an option of ipvsadm, but new users mean the whole program.
        if IPVSCtl.takes(words) || ["--help", "--experimental-dump-help"].contains(words.first) {
            await IPVSCtl.main(words)
        } else {
            exit(Compatible.run(words))
        }
    }
}
