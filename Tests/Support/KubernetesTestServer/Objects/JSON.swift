/// Any JSON, as a value that literals can be written for.
///
///     let patch: JSON = ["metadata": ["labels": ["app": "web"]], "spec": nil]
public enum JSON: Hashable, Sendable {
    /// `null`.
    case null

    /// `true` or `false`.
    case bool(Bool)

    /// A whole number.
    case integer(Int)

    /// Any other number.
    case number(Double)

    /// A string.
    case string(String)

    /// An array.
    case array([JSON])

    /// An object.
    case object([String: JSON])
}

extension JSON {
    /// A member of an object; nil if there is none, or if this is no object. Setting a member makes an object of any other
    /// value, and nil removes the member.
    public subscript(name: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members[name]
        }
        set {
            guard case .object(var members) = self else {
                self = .object(newValue.map { [name: $0] } ?? [:])
                return
            }
            // The copy in `self` has to go first, or each change would copy all members.
            self = .null
            members[name] = newValue
            self = .object(members)
        }
    }

    /// An element of an array; nil if there is none, or if this is no array. Setting an element that is not there does nothing.
    public subscript(index: Int) -> JSON? {
        get {
            guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
            return elements[index]
        }
        set {
            guard case .array(var elements) = self, elements.indices.contains(index), let newValue else { return }
            self = .null
            elements[index] = newValue
            self = .array(elements)
        }
    }

    /// The string; nil if this is none.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The whole number; nil if this is none.
    public var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The elements; nil if this is no array.
    public var array: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members; nil if this is no object.
    public var object: [String: JSON]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The members that are strings, such as labels; empty if this is no object.
    var strings: [String: String] { (object ?? [:]).compactMapValues(\.string) }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// An object; the last of members with the same name counts.
    public init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(Dictionary(members) { _, last in last })
    }

    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// A number.
    public init(integerLiteral value: Int) { self = .integer(value) }

    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }

    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// Null.
    public init(nilLiteral: ()) { self = .null }
}
