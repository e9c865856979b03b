import Common
import IPVS

/// A command of this program.
enum Command {
    case add(VirtualServer.Identity, [Endpoint])
    case weight(VirtualServer.Identity, Endpoint, UInt32)
    case drain(VirtualServer.Identity, Endpoint, seconds: UInt32)
    case zero
    case show

    static let usage = """
        usage: ipvs-demo NAMESPACE COMMAND

        Programs the load balancer of a network namespace, given by its name in `ip netns`.

          add VIRTUAL REAL...         adds a virtual server, and real servers of weight 1 to it
          weight VIRTUAL REAL WEIGHT  changes a real server's share of the new connections; 0 drains it
          drain VIRTUAL REAL SECONDS  deletes a real server when its connections have ended, or after a time
          zero                        sets all counters to zero
          show                        prints all virtual servers and their real servers with their counters

        A VIRTUAL server is written 'TCP 10.96.0.1:80', a REAL server 10.0.1.2:8080.
        """

    init(_ words: inout Arguments) throws(Problem) {
        let name: String = try words.next("command")
        switch name {
        case "add": self = .add(try words.next("virtual server"), try words.rest("real server"))
        case "weight":
            self = .weight(try words.next("virtual server"), try words.next("real server"), try words.next("weight"))
        case "drain":
            let (id, endpoint): (VirtualServer.Identity, Endpoint) =
                (try words.next("virtual server"), try words.next("real server"))
            self = .drain(id, endpoint, seconds: try words.next("number of seconds"))
        case "zero": self = .zero
        case "show": self = .show
        default: throw Problem("there is no command \(name.quoted); see --help")
        }
        try words.end()
    }
}
