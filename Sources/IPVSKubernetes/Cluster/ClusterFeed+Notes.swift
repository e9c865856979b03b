import IPVSProxy
import KubernetesAPI
import Logging

// What is not served, for operators in the log, and for users as events of their services.
extension ClusterFeed {
    /// Says what is not served of an object, if that was not said before.
    func note(_ new: [Note], of object: String, service: NamespacedName? = nil) {
        let old = notes[object] ?? []
        guard new != old else { return }
        notes[object] = new.isEmpty ? nil : new
        for note in new where !old.contains(note) {
            logger.log(level: note.isWarning ? .warning : .debug, "\(note)")
            if note.isWarning, let service { record(service, "NotServed", "\(note)") }
        }
    }

    /// Tells users of services that a sync could not make what they should be. The proxier has logged it.
    func report(_ troubles: [ServiceTrouble]) {
        let new = Set(troubles)
        for trouble in troubles where !self.troubles.contains(trouble) {
            let reason =
                switch trouble.reason {
                case .rejected: "AddressNotServed"
                case .failed: "SyncFailed"
                }
            record(trouble.servicePort.service, reason, "\(trouble)")
        }
        self.troubles = new
    }

    private func record(_ service: NamespacedName, _ reason: String, _ note: String) {
        let object = ObjectReference(
            CoreV1.Service.resource,
            ObjectName(service.namespace, service.name),
            uid: serviceUIDs[service] ?? ""
        )
        events?.record(
            EventsV1.Occurrence(regarding: object, type: .warning, reason: reason, action: "SyncService", note: note)
        )
    }
}
