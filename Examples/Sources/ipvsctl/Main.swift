import Glibc

/// What does not begin with the name of a subcommand is a command line of ipvsadm's.
@main
struct Main {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        // --help is ipvsadm's option too, but a newcomer means the whole program.
        if IPVSCtl.takes(words) || ["--help", "--experimental-dump-help"].contains(words.first) {
            await IPVSCtl.main(words)
        } else {
            exit(Compatible.run(words))
        }
    }
}
