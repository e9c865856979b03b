extension JSON {
    /// The value after a merge patch (RFC 7386).
    func merging(_ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? [:]
        for (name, change) in changes {
            if change == .null {
                result[name] = nil
            } else {
                result[name] = (result[name] ?? .null).merging(change)
            }
        }
        return .object(result)
    }

    /// The value after a strategic merge patch, as a merge patch: the directives, which say how lists are merged, are left out,
    /// and a list of the patch replaces the one of the object.
    func strategicallyMerging(_ patch: JSON) -> JSON { merging(patch.withoutDirectives) }

    private var withoutDirectives: JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !$0.key.hasPrefix("$") }.mapValues(\.withoutDirectives))
    }
}
