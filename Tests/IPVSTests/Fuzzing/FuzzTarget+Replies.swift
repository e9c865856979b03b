import IPVSFuzzing

@testable import IPVS

extension FuzzTarget {
    /// Answers to the requests of a handle. The first byte chooses the call, and with its highest bit another virtual server.
    /// Instead of the last call, the handle is opened, and the answers are those about the family.
    static let replies = FuzzTarget("ipvs-replies") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let calls: [HandleCall?] = HandleCall.allCases + [nil]
        let server = choice & 0x80 == 0 ? SoundKernel.endpoint : SoundKernel.mark
        let channel = ScriptedDatagrams(input.rest, of: SoundKernel())
        guard let call = calls[Int(choice & 0x7f) % calls.count] else { return try checkOpening(channel) }
        let handle = try Handle(channel: channel)
        do { try channel.play { try call.make(handle, server.id) } } catch let error as IPVSError { try error.check() }
        try handle.checkSound()
    }

    private static func checkOpening(_ channel: ScriptedDatagrams) throws {
        let handle: Handle
        do { handle = try channel.play { try Handle(channel: channel) } } catch let error as IPVSError {
            return try error.check()
        }
        try handle.checkSound()
    }
}
