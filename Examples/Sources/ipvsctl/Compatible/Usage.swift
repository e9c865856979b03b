extension Compatible {
    /// The output of `-v`.
    static let version = "ipvsctl, with the command lines of ipvsadm v1.31 2019/12/24\n"

    /// The output of `-h`: all commands and options of a compatible command line.
    static let usage = """
        Usage:
          ipvsctl -A|-E VIRTUAL-SERVER [-s SCHEDULER] [-b FLAGS] [-p [SECONDS]] [-M MASK] [--pe ENGINE] [-o]
          ipvsctl -D VIRTUAL-SERVER
          ipvsctl -a|-e VIRTUAL-SERVER -r ADDRESS [-g|-i|-m] [-w WEIGHT] [-x UPPER] [-y LOWER] [TUNNEL-OPTIONS]
          ipvsctl -d VIRTUAL-SERVER -r ADDRESS
          ipvsctl -L [VIRTUAL-SERVER] [--stats|--rate|--thresholds|--persistent-conn|--tun-info] [-n] [--exact] [--nosort]
          ipvsctl -L -c|--timeout|--daemon [-n]
          ipvsctl -S [-n] > FILE
          ipvsctl -R < FILE
          ipvsctl -Z [VIRTUAL-SERVER]
          ipvsctl -C
          ipvsctl --set TCP TCPFIN UDP
          ipvsctl --start-daemon master|backup [DAEMON-OPTIONS]
          ipvsctl --stop-daemon master|backup
        With any of them: --netns PATH|PID|NAME; with -L: --json. Without a command: -L.
        Beyond ipvsadm: export, validate, diff, apply, drain and top; see ipvsctl --help.

        Commands:
          -A, --add-service           add a virtual server
          -E, --edit-service          replace the configuration of a virtual server
          -D, --delete-service        delete a virtual server with its real servers
          -a, --add-server            add a real server to a virtual server
          -e, --edit-server           replace the configuration of a real server
          -d, --delete-server         delete a real server
          -L, -l, --list              list the table, or what the options select
          -S, --save                  write the table as lines that -R reads
          -R, --restore               run the commands on standard input, one per line
          -Z, --zero                  set counters to zero
          -C, --clear                 delete all virtual servers
              --set                   set the timeouts of connections, in seconds; 0 keeps the current value
              --start-daemon          start a sync daemon
              --stop-daemon           stop a sync daemon
          -h, --help                  show this help
          -v, --version               show the version

        Virtual servers:
          -t, --tcp-service ADDRESS   TCP to a HOST:PORT, such as 10.96.0.1:80 or [fd00::1]:http
          -u, --udp-service ADDRESS   UDP
              --sctp-service ADDRESS  SCTP
              --ip-service N/ADDRESS  the protocol with this number
          -f, --fwmark-service MARK   packets with a firewall mark
          -6, --ipv6                  with -f: IPv6 packets
          -s, --scheduler NAME        rr, wrr, lc, wlc (the default), lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf, twos
          -b, --sched-flags FLAGS     sh-fallback, sh-port, mh-fallback, mh-port, flag-1 to flag-3; separated by commas
          -p, --persistent [SECONDS]  keep a client on one real server for this time (360)
          -M, --netmask MASK          treat the clients of a network as one: 255.255.255.0, or for IPv6 a prefix length
              --pe ENGINE             persistence engine: sip, which with -p distinguishes clients by their calls
          -o, --ops                   schedule each packet individually (UDP)

        Real servers:
          -r, --real-server ADDRESS   HOST or HOST:PORT; the default port is the virtual server's
          -g, --gatewaying            direct routing (the default)
          -i, --ipip                  a tunnel
          -m, --masquerading          network address translation
              --local                 this host
              --bypass                to the packet's original destination
              --forwarding N          a method of a newer kernel, by its number (5 to 7)
          -w, --weight N              its share of connections, relative to the others (1)
          -x, --u-threshold N         no new connections from this number on
          -y, --l-threshold N         new connections again below this number
              --tun-type TYPE         ipip (the default), gue or gre
              --tun-port PORT         the UDP destination port for gue
              --tun-nocsum, --tun-csum, --tun-remcsum
                                      the checksum of gue and gre: none (the default), full, or for gue remote

        Listings:
              --stats                 counters
              --rate                  counters per second
              --thresholds            thresholds of connections
              --persistent-conn       counts of persistent connections; with -c the data of persistence engines
              --tun-info              tunnels
          -c, --connection            connections
              --timeout               timeouts
              --daemon                sync daemons
          -n, --numeric               numbers instead of names
          -X, --exact                 whole numbers, without K, M, G and T
              --nosort                in the kernel's order
              --sort                  has no effect: it is the default
              --json                  as JSON

        Sync daemons:
              --mcast-interface NAME  the network interface (eth0)
              --syncid N              the group of balancers, 0 to 255 (0)
              --sync-maxlen N         the maximum length of a message (by the interface)
              --mcast-group ADDRESS   the multicast group (224.0.0.81)
              --mcast-port PORT       the UDP port (8848)
              --mcast-ttl N           the TTL of messages (1)

        Differences from ipvsadm 1.31:

        """ + differences + "\n"

    /// The intended differences from ipvsadm 1.31, as an indented list.
    static let differences = """
          * Firewall marks above 2147483647 are not shown as negative numbers.
          * The counters of real servers are shown in full, not truncated to 32 bits.
          * A real server with the forwarding method "bypass" is listed as Bypass, not as (null).
          * -S writes the complete configuration, including thresholds (-x, -y), the third flag of sh and mh (flag-3), other protocols \
        (--ip-service), --local, --bypass and --forwarding. A name is written only if it resolves to the same address or port.
          * -R accepts everything that -S writes, and what ipvsadm -S writes but ipvsadm -R rejects: port 0 and --ops of any virtual \
        server, -p 0, -x and -y above 2147483647, the port of a real server with -g or -i, negative firewall marks, -b \
        without flags, (null), names in brackets.
          * -R reports each line that failed with its number, and its exit status is not zero if any failed; ipvsadm's is \
        that of the last line. From the 21st error on, errors are only counted. Lines that begin with # are ignored.
          * -R accepts a byte order mark at the start, and refuses one in another line, a NUL, a line of more than 65536 bytes, \
        UTF-16, and a listing.
          * An address with a zone, such as fe80::1%eth0, is rejected.
          * The order of options doesn't matter for the port of a real server and for -M; ipvsadm uses port 0 if -r comes \
        before the virtual server, and ignores -M before an IPv6 one.
          * An IPv4 address in brackets, whose port ipvsadm drops, and a prefix length followed by anything are rejected.
        """
}
