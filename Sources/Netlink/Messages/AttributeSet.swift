/// A set of attributes with their own numbering, such as those of a virtual server. It provides their names for errors.
public struct AttributeSet: Sendable {
    private let prefix: StaticString
    private let names: StaticString

    /// A set of attributes, by the common prefix of their C constants and the rest of each, in their order from 0.
    ///
    /// All names are in one static string, which needs no reference counting. Names are rarely needed.
    public init(_ prefix: StaticString, _ names: StaticString) {
        self.prefix = prefix
        self.names = names
    }

    /// The C constant of an attribute, or the prefix with its number if the set has no name for it.
    public func name(of type: Int) -> String {
        let suffixes = names.description.split(separator: " ")
        return prefix.description + (type < suffixes.count ? String(suffixes[type]) : String(type))
    }

    // Never inlined: code that builds error messages would slow down the decoding of valid replies.

    /// An error about the value of an attribute.
    @inline(never)
    public func malformed(_ type: Int, _ problem: @autoclosure () -> String) -> MalformedReply {
        MalformedReply(attribute: name(of: type), problem: problem())
    }

    /// An error about an attribute that is missing.
    public func missing(_ type: Int) -> MalformedReply { malformed(type, "is missing") }
}

extension AttributeSet {
    /// The attributes of the generic netlink controller.
    public static var control: Self { Self("CTRL_ATTR_", "UNSPEC FAMILY_ID") }

    /// The attributes of an extended acknowledgement.
    public static var error: Self { Self("NLMSGERR_ATTR_", "UNUSED MSG OFFS") }
}
