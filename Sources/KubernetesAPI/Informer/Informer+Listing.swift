import Logging

extension Informer {
    /// Lists all objects in pages, or at once if the server forgets their version before the last page.
    func listPages() async throws(APIError) {
        var listed: [ObjectName: Object] = [:]
        var unreadable: [UnreadableObject] = []
        var options = ListOptions()
        options.namespace = self.options.namespace
        options.labelSelector = self.options.labelSelector
        options.fieldSelector = self.options.fieldSelector
        options.limit = self.options.pageSize
        while true {
            let page: ObjectPage<Object>
            do throws(APIError) {
                page = try await source.list(Object.self, options)
            } catch  where error.code == .expired && options.continueToken != nil {
                // The pages so far are of a state that the server has forgotten, and new ones could take too long as well.
                logger.info("\(Object.resource) are listed at once: \(error)")
                (listed, unreadable) = ([:], [])
                (options.continueToken, options.limit) = (nil, nil)
                continue
            }
            noteContact()
            for object in page.objects { listed[object.name] = object }
            unreadable += page.unreadable
            options.continueToken = page.continueToken
            guard page.continueToken == nil else { continue }
            return try await replace(with: listed, unreadable: unreadable, resourceVersion: page.resourceVersion)
        }
    }
}
