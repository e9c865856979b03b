import Glibc

/// A program that is run to its end, without a shell.
struct ChildProcess {
    let command: String
    let arguments: [String]
    let environment: [String: String]

    /// Whether it has this program's standard input. Otherwise its input is empty.
    let inheritsInput: Bool

    /// How a program ended.
    struct Outcome {
        /// What it wrote to its standard output.
        var output: [UInt8] = []

        /// The beginning of what it wrote to its standard error.
        var errorOutput: [UInt8] = []

        /// Its exit status; nil if a signal ended it.
        var exitStatus: Int?

        /// The signal that ended it; nil if none did.
        var signal: Int?

        /// Whether it was ended because its time was over.
        var isTimedOut = false

        /// Whether it was ended because it wrote too much.
        var hasExcessOutput = false
    }

    /// Why a program could not be started.
    struct StartError: Error { let number: CInt }

    private static let outputLimit = 1 << 20
    private static let errorOutputLimit = 4096

    /// Runs the program. It blocks the thread until the program has ended or its time is over.
    func run(timeLimit: Duration) throws(StartError) -> Outcome {
        let output = try Self.pipe()
        defer { close(output.reading) }
        let errorOutput: (reading: CInt, writing: CInt)
        do {
            errorOutput = try Self.pipe()
        } catch {
            close(output.writing)
            throw error
        }
        defer { close(errorOutput.reading) }
        let started = Result { () throws(StartError) in try start(output.writing, errorOutput.writing) }
        close(output.writing)
        close(errorOutput.writing)
        let process = try started.get()
        return follow(process, output.reading, errorOutput.reading, until: .now + timeLimit)
    }

    /// Reads what a program writes until it ends.
    private func follow(
        _ process: pid_t,
        _ output: CInt,
        _ errorOutput: CInt,
        until deadline: ContinuousClock.Instant
    ) -> Outcome {
        var outcome = Outcome()
        var status: CInt = 0
        var isKilled = false
        while true {
            // The program's end counts, not that of its output: it may have left a child that holds the pipes open.
            let hasEnded = unsafe waitpid(process, &status, WNOHANG) == process
            let isOpen = Self.drain(output, into: &outcome.output, limit: Self.outputLimit + 1)
            let isErrorOpen = Self.drain(errorOutput, into: &outcome.errorOutput, limit: Self.errorOutputLimit)
            if hasEnded { break }
            outcome.hasExcessOutput = outcome.output.count > Self.outputLimit
            if !isKilled, outcome.hasExcessOutput || .now >= deadline {
                outcome.isTimedOut = !outcome.hasExcessOutput
                // An interactive program stays in this program's group, which has the terminal.
                kill(inheritsInput ? process : -process, SIGKILL)
                isKilled = true
            }
            Self.wait(for: [(output, isOpen), (errorOutput, isErrorOpen)])
        }
        if status & 0x7f == 0 {
            outcome.exitStatus = Int(status >> 8 & 0xff)
        } else {
            outcome.signal = Int(status & 0x7f)
        }
        return outcome
    }

    /// Waits for output, or for some time, since the end of a program can come without one.
    private static func wait(for files: [(file: CInt, isOpen: Bool)]) {
        var requests = files.filter(\.isOpen).map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
        _ = unsafe poll(&requests, nfds_t(requests.count), 10)
    }

    /// Reads what is there, and returns whether more may come. What is beyond the limit is dropped.
    private static func drain(_ file: CInt, into bytes: inout [UInt8], limit: Int) -> Bool {
        while true {
            var count = 0
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, size in
                count = unsafe read(file, buffer.baseAddress, buffer.count)
                size = max(0, count)
            }
            if count == 0 { return false }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN
            }
            bytes += chunk.prefix(max(0, limit - bytes.count))
        }
    }

    private static func pipe() throws(StartError) -> (reading: CInt, writing: CInt) {
        var files: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&files) == 0 else { throw StartError(number: errno) }
        for file in files { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(files[0], F_SETFL, O_NONBLOCK)
        return (files[0], files[1])
    }
}

extension ChildProcess {
    /// Starts the program, and returns its ID.
    private func start(_ output: CInt, _ errorOutput: CInt) throws(StartError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, errorOutput, STDERR_FILENO)
        if !inheritsInput { unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Signals that this program blocks or ignores are as usual in the other.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if !inheritsInput { flags |= POSIX_SPAWN_SETPGROUP }
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let variables = environment.map { "\($0)=\($1)" }
        let number = unsafe Self.withCStrings([command] + arguments) { arguments in
            unsafe Self.withCStrings(variables) { variables in
                unsafe posix_spawnp(&process, command, &actions, &attributes, arguments, variables)
            }
        }
        guard number == 0 else { throw StartError(number: number) }
        return process
    }

    private static func withCStrings<Value>(
        _ texts: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { fatalError("an array with an element has an address") }
            return unsafe body(base)
        }
    }
}
