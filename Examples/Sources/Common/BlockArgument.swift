package import ArgumentParser
package import IPVS

extension IPAddress.Block {
    /// Reads a block such as `10.96.0.0/16`, or a single address, from a command line.
    ///
    /// Bits behind the prefix don't matter, as in kube-proxy: `10.96.0.5/16` is `10.96.0.0/16`.
    package init(argument: String) throws(ValidationError) {
        guard !argument.isEmpty else { throw ValidationError("it is empty") }
        let parts = argument.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = IPAddress(parts[0]) else {
            throw ValidationError("\(parts[0].quoted) is not an IP address\(argument.zoneHint)")
        }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        let maximum = address.family == .ipv4 ? 32 : 128
        guard parts[1].isDecimal, let length = UInt8(parts[1]),
            let block = Self(containing: address, prefixLength: length)
        else {
            throw ValidationError("\(parts[1].quoted) is not the length of a prefix, which is from 0 to \(maximum)")
        }
        self = block
    }
}

extension String {
    /// Whether it is a number in its shortest form.
    fileprivate var isDecimal: Bool { !isEmpty && hasOnlyDigits && (self == "0" || !hasPrefix("0")) }
}
