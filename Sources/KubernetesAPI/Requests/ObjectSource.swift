/// What an informer needs of an API server: lists and watches.
public protocol ObjectSource: Sendable {
    /// Lists objects, or one page of them.
    func list<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: ListOptions
    ) async throws(APIError) -> ObjectPage<Object>

    /// Begins to watch objects. It returns once the server has answered.
    func watch<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: WatchOptions
    ) async throws(APIError) -> WatchEvents<Object>
}
