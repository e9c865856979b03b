/// The bytes that a check gets: first some that choose what is done, and then those that are read.
package struct FuzzInput {
    /// The bytes that were not taken yet.
    package private(set) var rest: ArraySlice<UInt8>

    /// Bytes of which none was taken.
    package init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    /// Takes a byte; 0 if there are no more.
    package mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Takes a byte that chooses one of several values.
    package mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(byte()) % values.count] }

    /// Takes a number of bytes, or as many as there are.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
