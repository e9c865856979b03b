import ArgumentParser
import Common
import IPVS
import Yams

extension KubeProxyConfiguration {
    /// Reads a file in YAML, or in JSON if it begins with a brace.
    ///
    /// - Parameter path: The path of the file.
    /// - Throws: `FileErrors` with all errors in it.
    init(file path: String) throws(FileErrors) {
        let text: String
        do throws(FileError) {
            text = try TextFile.read(path)
        } catch {
            throw FileErrors(TextFile.name(path), [error])
        }
        try self.init(text: text, file: TextFile.name(path))
    }

    init(text: String, file: String) throws(FileErrors) {
        var fields = Fields()
        var roots: [Place] = []
        do throws(FileError) {
            if text.first(where: { !$0.isWhitespace }) == "{" {
                roots = [try JSONReader.read(text)]
            } else {
                try YAMLReader.read(text) { if $0.node.scalar?.isNull != true { roots.append($0) } }
            }
            guard roots.count <= 1 else {
                throw FileError(line: roots[1].line, reason: "a configuration file has only one document")
            }
            guard !roots.isEmpty else { throw FileError(reason: "is empty, and not a \(Self.kind)") }
        } catch {
            throw FileErrors(file, [error])
        }
        self.init()
        if let root = fields.object(roots.first) { read(root, &fields) }
        guard fields.errors.isEmpty else { throw FileErrors(file, fields.errors) }
    }

    private mutating func read(_ root: Place, _ fields: inout Fields) {
        var section = ConfigurationSection(root)
        for (name, expected) in [("apiVersion", apiVersion), ("kind", kind)] {
            guard let place = section.field(name) else {
                fields.refuse(root, lacks: name)
                continue
            }
            guard let text = fields.text(place), text != expected else { continue }
            fields.refuse(place, "must be \(expected), not \(place.node.shown)")
        }
        readAddresses(&section, &fields)
        readProgram(&section, &fields)
        readModes(&section, &fields)
        readKernel(&section, &fields)
        // Of Kubernetes before 1.16. The container of the process's resources had no effect on its work.
        _ = section.field("resourceContainer")
        section.refuseOthers(&fields)
    }

    private mutating func readAddresses(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        if let address = section.value("bindAddress", &fields, IPAddress.init(configured:)) { bindAddress = address }
        // As in kube-proxy, the defaults of the others have its family.
        if bindAddress.family == .ipv6 {
            healthzBindAddress = ServingAddress(Endpoint("[::]:\(ServingAddress.healthzPort)"))
            metricsBindAddress = ServingAddress(Endpoint("[::1]:\(ServingAddress.metricsPort)"))
        }
        bindAddressHardFail = section.truth("bindAddressHardFail", &fields) ?? bindAddressHardFail
        healthzBindAddress =
            section.value("healthzBindAddress", &fields) { text throws(ValidationError) in
                try ServingAddress(argument: text, port: ServingAddress.healthzPort)
            } ?? healthzBindAddress
        metricsBindAddress =
            section.value("metricsBindAddress", &fields) { text throws(ValidationError) in
                try ServingAddress(argument: text, port: ServingAddress.metricsPort)
            } ?? metricsBindAddress
        hostnameOverride =
            section.text("hostnameOverride", &fields).map { $0.trimmed.lowercased() } ?? hostnameOverride
        clusterCIDR =
            section.value("clusterCIDR", &fields) { text throws(ValidationError) in
                BlockList(blocks: try Blocks(argument: text).blocks)
            } ?? clusterCIDR
        nodePortAddresses =
            section.list("nodePortAddresses", &fields, NodePortRange.init(argument:)) ?? nodePortAddresses
        detectLocalMode = section.value("detectLocalMode", &fields, LocalMode.init(argument:)) ?? detectLocalMode
        var detectLocal = detectLocal
        section.section("detectLocal", &fields) { section, fields in
            let name = InterfaceName.init(argument:)
            detectLocal.bridgeInterface = section.value("bridgeInterface", &fields, name)?.name ?? ""
            detectLocal.interfaceNamePrefix = section.value("interfaceNamePrefix", &fields, name)?.name ?? ""
        }
        self.detectLocal = detectLocal
        let needed: (name: String, value: String)? =
            switch detectLocalMode {
            case .bridgeInterface: ("bridgeInterface", detectLocal.bridgeInterface)
            case .interfaceNamePrefix: ("interfaceNamePrefix", detectLocal.interfaceNamePrefix)
            case .clusterCIDR, .nodeCIDR: nil
            }
        if let needed, needed.value.isEmpty, let place = section.field("detectLocalMode") {
            fields.refuse(place, "\(detectLocalMode.rawValue) requires detectLocal.\(needed.name)")
        }
    }

    private mutating func readProgram(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        enableProfiling = section.truth("enableProfiling", &fields) ?? enableProfiling
        configSyncPeriod = section.positive("configSyncPeriod", &fields) ?? configSyncPeriod
        udpIdleTimeout = section.positive("udpIdleTimeout", &fields) ?? udpIdleTimeout
        portRange = section.text("portRange", &fields) ?? portRange
        showHiddenMetricsForVersion =
            section.text("showHiddenMetricsForVersion", &fields) ?? showHiddenMetricsForVersion
        windowsRunAsService = section.truth("windowsRunAsService", &fields) ?? windowsRunAsService
        oomScoreAdj = section.number("oomScoreAdj", -1_000...1_000, &fields) ?? oomScoreAdj
        if let gates = fields.object(section.field("featureGates")) {
            for (key, value) in gates.fields {
                guard let name = key.string else {
                    fields.refuse(value, "the name of a field must be a text")
                    continue
                }
                if let isOn = fields.truth(value) { featureGates[name] = isOn }
            }
        }
        var (client, logging) = (clientConnection, logging)
        section.section("clientConnection", &fields) { section, fields in
            client.acceptContentTypes = section.text("acceptContentTypes", &fields) ?? client.acceptContentTypes
            client.contentType = section.text("contentType", &fields) ?? client.contentType
            client.kubeconfig = section.text("kubeconfig", &fields) ?? client.kubeconfig
            let burst = section.number("burst", 0...Int(Int32.max), &fields) ?? 0
            client.burst = burst == 0 ? client.burst : burst
            if let place = section.field("qps") {
                if let qps = place.scalarText.flatMap({ Double($0) }), qps.isFinite, place.node.scalar?.style == .plain
                {
                    client.qps = qps == 0 ? client.qps : qps
                } else {
                    fields.refuse(place, "must be a number, not \(place.node.shown)")
                }
            }
        }
        section.section("logging", &fields) { section, fields in logging.read(&section, &fields) }
        (clientConnection, self.logging) = (client, logging)
    }

    private mutating func readModes(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        mode = section.value("mode", &fields, ProxyMode.text(argument:)) ?? mode
        var (ipvs, iptables, nftables, winkernel) = (ipvs, iptables, nftables, winkernel)
        section.section("ipvs", &fields) { section, fields in ipvs.read(&section, &fields) }
        section.section("iptables", &fields) { section, fields in
            iptables.localhostNodePorts =
                section.truth("localhostNodePorts", &fields) ?? iptables.localhostNodePorts
            iptables.masqueradeAll = section.truth("masqueradeAll", &fields) ?? iptables.masqueradeAll
            iptables.masqueradeBit = section.number("masqueradeBit", 0...31, &fields) ?? iptables.masqueradeBit
            iptables.snatNodeInternalIP =
                section.truth("snatNodeInternalIP", &fields) ?? iptables.snatNodeInternalIP
            iptables.syncPeriod = section.positive("syncPeriod", &fields) ?? iptables.syncPeriod
            iptables.minSyncPeriod = section.positive("minSyncPeriod", &fields) ?? iptables.minSyncPeriod
        }
        section.section("nftables", &fields) { section, fields in
            nftables.masqueradeAll = section.truth("masqueradeAll", &fields) ?? nftables.masqueradeAll
            nftables.masqueradeBit = section.number("masqueradeBit", 0...31, &fields) ?? nftables.masqueradeBit
            nftables.syncPeriod = section.positive("syncPeriod", &fields) ?? nftables.syncPeriod
            nftables.minSyncPeriod = section.positive("minSyncPeriod", &fields) ?? nftables.minSyncPeriod
        }
        section.section("winkernel", &fields) { section, fields in
            winkernel.enableDSR = section.truth("enableDSR", &fields) ?? false
            winkernel.forwardHealthCheckVip = section.truth("forwardHealthCheckVip", &fields) ?? false
            winkernel.networkName = section.text("networkName", &fields) ?? ""
            winkernel.rootHnsEndpointName = section.text("rootHnsEndpointName", &fields) ?? ""
            winkernel.sourceVip = section.text("sourceVip", &fields) ?? ""
        }
        (self.ipvs, self.iptables, self.nftables, self.winkernel) = (ipvs, iptables, nftables, winkernel)
    }

    private mutating func readKernel(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        var conntrack = conntrack
        section.section("conntrack", &fields) { section, fields in
            let limits = 0...UInt32(Int32.max)
            // Of Kubernetes before 1.14.
            if let place = section.field("max"), section.number("max", limits, &fields) ?? 0 > 0 {
                fields.refuse(place, "kube-proxy has no such limit any more; use conntrack.maxPerCore")
            }
            conntrack.maxPerCore = section.number("maxPerCore", limits, &fields) ?? conntrack.maxPerCore
            conntrack.min = section.number("min", limits, &fields) ?? conntrack.min
            conntrack.tcpBeLiberal = section.truth("tcpBeLiberal", &fields) ?? conntrack.tcpBeLiberal
            conntrack.tcpCloseWaitTimeout =
                section.timeout("tcpCloseWaitTimeout", &fields) ?? conntrack.tcpCloseWaitTimeout
            conntrack.tcpEstablishedTimeout =
                section.timeout("tcpEstablishedTimeout", &fields) ?? conntrack.tcpEstablishedTimeout
            conntrack.udpStreamTimeout = section.timeout("udpStreamTimeout", &fields) ?? conntrack.udpStreamTimeout
            conntrack.udpTimeout = section.timeout("udpTimeout", &fields) ?? conntrack.udpTimeout
        }
        self.conntrack = conntrack
    }
}

extension KubeProxyConfiguration.IPVS {
    fileprivate mutating func read(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        excludeCIDRs = section.list("excludeCIDRs", &fields, IPAddress.Block.init(argument:)) ?? excludeCIDRs
        minSyncPeriod = section.duration("minSyncPeriod", &fields) ?? minSyncPeriod
        scheduler = section.value("scheduler", &fields, Scheduler.init(argument:))?.rawValue ?? scheduler
        strictARP = section.truth("strictARP", &fields) ?? strictARP
        syncPeriod = section.positive("syncPeriod", &fields) ?? syncPeriod
        tcpFinTimeout = section.timeout("tcpFinTimeout", &fields) ?? tcpFinTimeout
        tcpTimeout = section.timeout("tcpTimeout", &fields) ?? tcpTimeout
        udpTimeout = section.timeout("udpTimeout", &fields) ?? udpTimeout
        if minSyncPeriod.duration > syncPeriod.duration {
            let place = section.field("syncPeriod") ?? section.field("minSyncPeriod") ?? section.place
            fields.refuse(place, "ipvs.syncPeriod must not be less than ipvs.minSyncPeriod")
        }
    }
}

extension KubeProxyConfiguration.Logging {
    fileprivate mutating func read(_ section: inout ConfigurationSection, _ fields: inout Fields) {
        format = section.text("format", &fields) ?? format
        sanitization = section.truth("sanitization", &fields) ?? sanitization
        verbosity = section.number("verbosity", 0...UInt32(Int32.max), &fields) ?? verbosity
        // A number is one of nanoseconds.
        if let place = section.field("flushFrequency") {
            if place.node.scalar?.style == .plain, place.scalarText?.wholeMatch(of: /[-+]?[0-9]+/) != nil {
                let nanoseconds = section.number("flushFrequency", 0...Duration.limit, &fields) ?? 0
                flushFrequency = nanoseconds == 0 ? flushFrequency : GoDuration(.nanoseconds(nanoseconds))
            } else {
                flushFrequency = section.positive("flushFrequency", &fields) ?? flushFrequency
            }
        }
        for element in fields.list(section.field("vmodule")) {
            guard let object = fields.object(element) else { continue }
            var part = ConfigurationSection(object)
            let pattern = part.text("filePattern", &fields)
            let verbosity = part.number("verbosity", 0...UInt32(Int32.max), &fields)
            part.refuseOthers(&fields)
            if let pattern { vmodule.append(Module(filePattern: pattern, verbosity: verbosity ?? 0)) }
        }
        // Alpha options of formats, which have no effect.
        section.section("options", &fields) { section, fields in
            for format in ["text", "json"] {
                section.section(format, &fields) { section, fields in
                    _ = section.truth("splitStream", &fields)
                    _ = section.field("infoBufferSize")
                }
            }
        }
    }
}

/// The modes of kube-proxy.
enum ProxyMode {
    /// The mode, which must be that of IPVS or empty.
    static func text(argument: String) throws(ValidationError) -> String {
        guard ["iptables", "nftables", "userspace", "kernelspace"].contains(argument) else {
            guard ["ipvs", ""].contains(argument) else { throw ValidationError("it must be ipvs") }
            return argument
        }
        throw ValidationError(
            "this program has no mode \(argument); the rules that kube-proxy has made in it would keep connections from "
                + "IPVS, so remove them with kube-proxy --cleanup, and then set the mode ipvs"
        )
    }
}

extension IPAddress {
    /// An address in a configuration.
    init(configured text: String) throws(ValidationError) {
        guard let address = IPAddress(text) else { throw ValidationError("it must be an IP address") }
        self = address
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
