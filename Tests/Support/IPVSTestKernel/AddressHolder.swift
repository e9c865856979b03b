import Foundation

/// A process that has the abstract address of a Unix socket, such as that of a lock.
public final class AddressHolder {
    /// What the process does with the address.
    public enum Use: String, Sendable {
        /// It listens, as the holder of a lock does.
        case listens
        /// It never listens.
        case idles
        /// It listens, and has so many pending connections that there is no room for others.
        case isFull
        /// It listens as its user and then runs as root, like a user who starts a program such as su.
        case becomesRoot
    }

    private let process = Process()

    /// Its process ID.
    public var pid: Int32 { process.processIdentifier }

    /// Starts a process and waits until it has an address, which is given without its leading NUL. It runs as a user and in
    /// the network namespace at a path, or as the test does. It throws if the address can't be taken.
    public init(_ address: String, user: UInt32? = nil, namespace: String? = nil, _ use: Use = .listens) throws {
        let script = """
            use Socket qw(:DEFAULT SOCK_NONBLOCK);
            my ($name, $user, $use) = @ARGV;
            if ($use eq 'becomesRoot') { $> = $user; $> == $user or die }
            elsif ($user) { $( = $user; $) = "$user $user"; $< = $user; $> = $user; $> == $user or die }
            my $address = pack('S a*', AF_UNIX, "\\0$name");
            socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die;
            bind($socket, $address) or die "$!";
            listen($socket, $use eq 'isFull' ? 0 : 128) or die if $use ne 'idles';
            my @pending;
            for (1 .. ($use eq 'isFull' ? 2 : 0)) {
                socket(my $other, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0) or die;
                connect($other, $address);
                push @pending, $other;
            }
            $> = 0 if $use eq 'becomesRoot';
            $| = 1;
            print "ready\\n";
            sleep 600;
            """
        let perl = ["perl", "-e", script, address, user.map(String.init) ?? "", use.rawValue]
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = (namespace.map { ["nsenter", "--net=\($0)"] } ?? []) + perl
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        guard output.fileHandleForReading.availableData == Data("ready\n".utf8) else {
            throw TestFailure("no process could take the address \(address)")
        }
    }

    /// Kills the process, without giving it a chance to release anything.
    public func kill() {
        guard process.isRunning else { return }
        Foundation.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    deinit { kill() }
}
