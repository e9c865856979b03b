import Common
import Glibc

/// A command line that doesn't begin with a subcommand is one of ipvsadm.
@main
struct Main {
    static func main() {
        Capabilities([.networkAdministration, .anyFile, .namespaceOption]).keepOnly()
        let words: [String]
        do throws(Failure) {
            words = try Startup.words()
        } catch {
            Console.fail(error.sentences)
            exit(2)
        }
        // --help is also an option of ipvsadm, but new users mean the whole program.
        guard IPVSCtl.takes(words) || ["--help", "--experimental-dump-help"].contains(words.first) else {
            exit(Compatible.run(words))
        }
        Startup.run {
            await IPVSCtl.main(words)
            exit(0)
        }
    }
}
