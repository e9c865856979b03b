import CLibNFTables
import IPVSProxy
import Netlink

/// libnftables, for one network namespace.
///
/// Its sockets belong to the namespace of the thread that calls it, so all calls are made in it. It ends the process if it
/// can't open a socket; so one is opened before it is called for the first time.
@safe
final class Library: @unchecked Sendable {
    // Unchecked: the context is used by one thread at a time.
    private var context: OpaquePointer?

    /// The namespace; nil where it can't be held open, which is that of the calling threads then.
    private let namespace: HeldNamespace?

    /// The library is not made for several threads, even if each has a context of its own.
    private static let turn = Lock(())

    /// The library in a namespace. It is called for the first time when a script is run.
    init(namespace: HeldNamespace?) { self.namespace = namespace }

    deinit {
        if let context = unsafe context { unsafe nft_ctx_free(context) }
    }

    /// Runs a script, which ends with a NUL, as one transaction.
    ///
    /// - Parameters:
    ///   - script: The bytes of the script.
    ///   - isDry: Whether the kernel only checks it.
    /// - Returns: What the library says about errors; nil if there are none.
    /// - Throws: `SystemError` if the namespace can't be entered.
    func run(_ script: [UInt8], isDry: Bool = false) throws(SystemError) -> String? {
        var result: String?
        try Self.turn.withLock { (_) throws(SystemError) in
            try inNamespace { result = self.runHere(script, isDry: isDry) }
        }
        return result
    }

    /// Runs a command that lists something, and returns what the library writes; nil if it can't list that.
    ///
    /// - Throws: `SystemError` if the namespace can't be entered.
    func output(of command: String) throws(SystemError) -> String? {
        var result: String?
        try Self.turn.withLock { (_) throws(SystemError) in
            try inNamespace {
                guard let context = unsafe self.opened() else { return }
                unsafe nft_ctx_set_dry_run(context, false)
                let status = unsafe nft_run_cmd_from_buffer(context, command)
                let text = unsafe nft_ctx_get_output_buffer(context).map { unsafe String(cString: $0) }
                _ = unsafe self.takeErrors(context)
                if status == 0 { result = text }
            }
        }
        return result
    }

    private func inNamespace(_ body: () -> Void) throws(SystemError) {
        guard let namespace else { return body() }
        try namespace.call(body)
    }

    private func runHere(_ script: [UInt8], isDry: Bool) -> String? {
        guard let context = unsafe opened() else { return Self.noMemory }
        unsafe nft_ctx_set_dry_run(context, isDry)
        let status = unsafe script.withUnsafeBytes { bytes in
            unsafe nft_run_cmd_from_buffer(context, bytes.bindMemory(to: CChar.self).baseAddress)
        }
        let text = unsafe takeErrors(context)
        return status == 0 ? nil : unsafe located(script, context) ?? text
    }

    /// What the library says about errors of a script in a file. Those of one in memory are without their lines. Returns nil if
    /// there are none now, or no file.
    private func located(_ script: [UInt8], _ context: OpaquePointer) -> String? {
        let file = unsafe script.dropLast().withUnsafeBytes { unsafe try? FileDescriptor(inMemory: $0) }
        guard let file else { return nil }
        defer { file.close() }
        unsafe nft_ctx_set_dry_run(context, true)
        let status = unsafe nft_run_cmd_from_filename(context, "/proc/self/fd/\(file.number)")
        let text = unsafe takeErrors(context)
        return status == 0 ? nil : text
    }

    /// Empties the library's buffers, and returns the errors.
    private func takeErrors(_ context: OpaquePointer) -> String {
        _ = unsafe nft_ctx_get_output_buffer(context)
        return unsafe nft_ctx_get_error_buffer(context).map { unsafe String(cString: $0) } ?? ""
    }

    private func opened() -> OpaquePointer? {
        if let context = unsafe context { return unsafe context }
        guard let context = unsafe nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else { return nil }
        guard unsafe nft_ctx_buffer_output(context) == 0, unsafe nft_ctx_buffer_error(context) == 0 else {
            unsafe nft_ctx_free(context)
            return nil
        }
        unsafe self.context = unsafe context
        return unsafe context
    }

    private static let noMemory = "Error: no memory for libnftables"
}
