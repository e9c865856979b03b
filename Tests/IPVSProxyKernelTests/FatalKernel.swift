import Foundation
import Glibc
import IPVS
import Synchronization

@testable import IPVSNode
@testable import IPVSProxy
@testable import Netlink

/// Kills its process with SIGKILL before or after a random system call.
final class Fate: Sendable {
    private let callsLeft: Mutex<Int>

    init(callsLeft: Int) { self.callsLeft = Mutex(callsLeft) }

    func meet<Value, Failure: Error>(_ call: () throws(Failure) -> Value) throws(Failure) -> Value {
        let left = callsLeft.withLock { left in
            left -= 1
            return left
        }
        if left == 0 { kill(getpid(), SIGKILL) }
        return try call()
    }
}

/// A netlink socket that can kill the process. It sends so little at a time that there are many calls.
final class FatalSocket: Channel {
    private let socket: NetlinkSocket
    private let fate: Fate

    init(_ socket: NetlinkSocket, _ fate: Fate) { (self.socket, self.fate) = (socket, fate) }

    var port: UInt32 { socket.port }

    var answerCapacity: Int { 10 }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try fate.meet { () throws(SystemError) in try socket.send(bytes) }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        try socket.receive(into: buffer, wait: wait)
    }

    func close() { socket.close() }
}

/// The settings' files, which can kill the process.
struct FatalFiles: SysctlFiles {
    let files: KernelSysctlFiles
    let fate: Fate

    var namespace: NetworkNamespace? { files.namespace }

    func read(_ path: String) throws(SystemError) -> String { try files.read(path) }

    func write(_ text: String, to path: String) throws(SystemError) {
        try fate.meet { () throws(SystemError) in try files.write(text, to: path) }
    }
}
