/// A set of attributes that are numbered by themselves, such as those of a virtual server. It names them in errors.
public struct AttributeSet: Sendable {
    private let prefix: StaticString
    private let names: StaticString

    /// A set by what the C constants of its attributes begin with, and the rest of each, in their order from 0.
    ///
    /// One text for all names: to hold it takes no reference counting, and the name of an attribute is seldom asked for.
    public init(_ prefix: StaticString, _ names: StaticString) {
        self.prefix = prefix
        self.names = names
    }

    /// The C constant of an attribute; its number behind the prefix where the set does not name it.
    public func name(of type: Int) -> String {
        let suffixes = names.description.split(separator: " ")
        return prefix.description + (type < suffixes.count ? String(suffixes[type]) : String(type))
    }

    // Never inlined, here and below: what makes up the text of an error would slow down the reading of what is right.
    @inline(never)
    public func malformed(_ type: Int, _ problem: @autoclosure () -> String) -> MalformedReply {
        MalformedReply(attribute: name(of: type), problem: problem())
    }

    public func missing(_ type: Int) -> MalformedReply { malformed(type, "is missing") }
}

extension AttributeSet {
    /// The generic netlink controller's.
    public static var control: Self { Self("CTRL_ATTR_", "UNSPEC FAMILY_ID") }

    /// Those of an extended acknowledgement.
    public static var error: Self { Self("NLMSGERR_ATTR_", "UNUSED MSG OFFS") }
}
