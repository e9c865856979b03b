import Testing

@testable import IPVSProxy

@Test func builds() { #expect(Bool(true)) }
