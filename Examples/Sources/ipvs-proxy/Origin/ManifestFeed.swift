import CoreMetrics
import IPVSProxy
import Logging
import ServiceLifecycle
import UnixSignals

/// Services and endpoints from files of manifests.
struct ManifestFeed: ObjectFeed {
    private let manifests: ManifestWatch
    private let first: ManifestChanges
    private let logger: Logger
    private let metrics: any MetricsFactory

    /// The signals that ask to read the manifests again; nil if they are read once.
    private let hangups: UnixSignalsSequence?

    /// Reads the manifests.
    ///
    /// - Parameters:
    ///   - paths: The files and folders.
    ///   - node: The node that they are read for.
    ///   - logger: The logger.
    ///   - metrics: The factory of the metrics.
    ///   - isRepeated: Whether they are followed. Otherwise they can be pipes.
    /// - Throws: `ManifestErrors`.
    init(
        _ paths: [String],
        node: NodeIdentity,
        logger: Logger,
        metrics: any MetricsFactory,
        isRepeated: Bool
    ) async throws {
        // Trapped here, so that a signal doesn't end the program while it starts. Dispatch, which does it, crashes without /proc,
        // so it is left alone where it isn't needed.
        hangups = isRepeated ? await UnixSignalsSequence(trapping: .sighup) : nil
        var manifests = ManifestWatch(paths, node: node, logger: logger, isRepeated: isRepeated)
        first = try manifests.read()
        (self.manifests, self.logger, self.metrics) = (manifests, logger, metrics)
    }

    /// Which manifests were read, in words.
    var summary: String { "\(manifests.manifests)" }

    func nodeFacts() -> NodeFacts { NodeFacts() }

    func tellAll(_ proxier: Proxier) async {
        await proxier.tell(first)
        await proxier.onServiceSynced()
        await proxier.onEndpointSliceSynced()
    }

    func service(for proxier: Proxier) async -> any Service {
        guard let hangups else { preconditionFailure("manifests that are read once are not followed") }
        await tellAll(proxier)
        logger.info("read \(summary)")
        return ManifestService(manifests, FileNotices(), hangups, logger, metrics) { await proxier.tell($0) }
    }

    let isEligible = true

    let knowledge: [Knowledge] = []
}

extension Proxier {
    /// Reports changes, without a sync between two of them.
    func tell(_ changes: ManifestChanges) {
        for change in changes.services {
            switch change {
            case .added(let service): onServiceAdd(service)
            case .updated(let old, let new): onServiceUpdate(old, new)
            case .deleted(let service): onServiceDelete(service)
            }
        }
        for change in changes.slices {
            switch change {
            case .added(let slice): onEndpointSliceAdd(slice)
            case .updated(let old, let new): onEndpointSliceUpdate(old, new)
            case .deleted(let slice): onEndpointSliceDelete(slice)
            }
        }
    }
}
