import Common
import IPVS

extension Compatible.Draft {
    /// What the line asks for, once all of it was read.
    mutating func line(_ command: Option) throws(UsageError) -> Compatible.Line {
        let timeouts = command == .set ? try takeTimeouts() : nil
        if dialect == .saved, command == .addServer, given.intersection(.methods).isEmpty, arguments.first == "(null)" {
            // ipvsadm's word in a saved table for the forwarding that it has no name for.
            arguments.removeFirst()
            given.insert(.bypass)
        }
        if let argument = arguments.first { throw UsageError("\(argument.quoted) belongs to no option") }
        try checkCompany(of: command)
        let result: Compatible.Command =
            switch command {
            case .addService: .add(try virtualServer())
            case .editService: .edit(try virtualServer())
            case .deleteService: .delete(try identity())
            case .addServer: .addRealServer(try realServer(), try identity())
            case .editServer: .editRealServer(try realServer(), try identity())
            case .deleteServer: .deleteRealServer(try endpoint(), try identity())
            case .clear: .clear
            case .zero: .zero(try zeroed())
            case .set: .setTimeouts(timeouts ?? Timeouts())
            case .startDaemon: .startDaemon(syncDaemon)
            case .stopDaemon: .stopDaemon(role)
            case .list: .list(try subject(), listFormat)
            case .save: .save(numeric: format.isNumeric)
            case .restore: try restore()
            case .version: .version
            default: .help
            }
        return Compatible.Line(command: result, namespace: namespace, remark: portRemark(for: result))
    }

    var syncDaemon: SyncDaemon {
        var daemon = daemon
        daemon.role = role
        return daemon
    }

    private func restore() throws(UsageError) -> Compatible.Command {
        guard dialect == .commandLine else { throw UsageError("--restore can't stand among the lines that it reads") }
        return .restore
    }

    private mutating func takeTimeouts() throws(UsageError) -> Timeouts {
        guard arguments.count >= 3 else { throw UsageError("--set needs three timeouts: tcp, tcpfin and udp") }
        let values = try arguments.prefix(3).map { text throws(UsageError) -> UInt32? in
            let value = try number(.set, text, 0...Int(Persistence.maximumTimeout))
            // Which keeps the kernel's value.
            return value == 0 ? nil : UInt32(value)
        }
        arguments.removeFirst(3)
        return Timeouts(tcp: values[0], tcpFIN: values[1], udp: values[2])
    }

    /// Refuses what does not go with the command, and what is missing for it.
    private func checkCompany(of command: Option) throws(UsageError) {
        var allowed = command.companions
        allowed.insert(.namespace)
        if command.needsService { allowed = allowed.union(.services) }
        if command.needsRealServer { allowed.insert(.realServer) }
        if let option = given.subtracting(allowed).first {
            throw UsageError("\(option.name) does not go with \(command.name)")
        }
        if command.needsService, given.intersection(.services).isEmpty {
            throw UsageError("\(command.name) needs a virtual server (-t, -u, --sctp-service or -f)")
        }
        if command.needsRealServer, !given.contains(.realServer) {
            throw UsageError("\(command.name) needs a real server (-r)")
        }
    }

    private func zeroed() throws(UsageError) -> VirtualServer.Identity? {
        guard !given.intersection(.services).isEmpty else { return nil }
        // ipvsadm can't distinguish the virtual server 0.0.0.0:0 from none.
        if let place, place.port ?? 0 == 0, place.address.bytes.allSatisfy({ $0 == 0 }) { return nil }
        return try identity()
    }
}

extension Compatible.Draft {
    func subject() throws(UsageError) -> Compatible.Subject {
        let subjects = given.intersection(.services.union([.connection, .timeout, .daemon]))
        guard let subject = subjects.first else { return .table }
        if let other = subjects.subtracting([subject]).first { throw .exclusive(subject, other) }
        switch subject {
        case .connection:
            try exclude([.statistics, .rate, .thresholds], from: .connection)
            return .connections
        case .timeout, .daemon:
            try exclude([.statistics, .rate, .thresholds, .persistentConnections], from: subject)
            return subject == .timeout ? .timeouts : .daemons
        default: return .service(try identity())
        }
    }

    private func exclude(_ others: Compatible.Options, from option: Option) throws(UsageError) {
        if let other = given.intersection(others).first { throw .exclusive(option, other) }
    }

    var listFormat: Compatible.Format {
        var format = format
        // Where several are given, the first of these counts.
        let columns: [(Option, Compatible.Format.Columns)] = [
            (.statistics, .statistics), (.rate, .rates), (.thresholds, .thresholds),
            (.persistentConnections, .persistence), (.tunnelInfo, .tunnels),
        ]
        format.columns = columns.first { given.contains($0.0) }?.1 ?? .connections
        return format
    }
}
