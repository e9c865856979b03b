import Common

@main
struct Main {
    static func main() {
        Capabilities([.networkAdministration, .lowPorts, .anyFile, .resources, .namespaceOption]).keepOnly()
        Startup.run { await IPVSProxyCommand.start() }
    }
}
