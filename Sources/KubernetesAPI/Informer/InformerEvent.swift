/// What an informer reports to its handler, in order.
public enum InformerEvent<Object: KubernetesObject>: Hashable, Sendable {
    /// An object that is new to the informer.
    case added(Object)

    /// An object that differs from what was reported before.
    case updated(from: Object, to: Object)

    /// An object that is gone, as it was last reported.
    case deleted(Object)

    /// Every object of the first full list has been reported. It comes once.
    case synced
}
