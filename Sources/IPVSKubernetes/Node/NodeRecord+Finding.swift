public import KubernetesAPI

extension NodeRecord {
    /// Asks an API server for a node's object.
    ///
    /// - Parameters:
    ///   - name: The name of the node.
    ///   - server: The API server.
    /// - Returns: What the object says, without a value if there is none.
    /// - Throws: Why the server gave no answer.
    public static func find(_ name: String, on server: some ObjectSource) async throws(APIError) -> Reading<NodeRecord>
    {
        var options = ListOptions()
        options.fieldSelector = "metadata.name=\(name)"
        let page = try await server.list(CoreV1.Node.self, options)
        guard let node = page.objects.first(where: { $0.metadata.name == name }) else { return Reading(value: nil) }
        return reading(node)
    }
}
