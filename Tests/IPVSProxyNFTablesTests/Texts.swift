import IPVS
import IPVSProxy

// Values by their texts, which must be valid.

func endpoint(_ text: String) -> Endpoint { value(Endpoint(text), text) }

func address(_ text: String) -> IPAddress { value(IPAddress(text), text) }

func block(_ text: String) -> IPAddress.Block { value(IPAddress.Block(text), text) }

func tcp(_ text: String) -> PacketRules.Destination { .init(.tcp, endpoint(text)) }

/// The bytes that hexadecimal digits stand for.
func bytes(_ digits: String) -> [UInt8] {
    let digits = digits.filter { !$0.isWhitespace }.map { value($0.hexDigitValue, digits) }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

private func value<Value>(_ value: Value?, _ text: String) -> Value {
    guard let value else { preconditionFailure("\(text) is invalid") }
    return value
}
