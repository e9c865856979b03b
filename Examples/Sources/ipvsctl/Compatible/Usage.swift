extension Compatible {
    /// What `-v` prints.
    static let version = "ipvsctl, with the command lines of ipvsadm v1.31 2019/12/24\n"

    /// What `-h` prints: every command and option of a line.
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
        Beyond ipvsadm: export, validate, diff, apply, drain and top, which ipvsctl --help tells of.

        Commands:
          -A, --add-service           add a virtual server
          -E, --edit-service          give a virtual server a new configuration, all of it
          -D, --delete-service        delete a virtual server with its real servers
          -a, --add-server            add a real server to a virtual server
          -e, --edit-server           give a real server a new configuration, all of it
          -d, --delete-server         delete a real server
          -L, -l, --list              list the table, or what the options say
          -S, --save                  write the table as lines that -R reads
          -R, --restore               carry out lines of commands from standard input
          -Z, --zero                  set counters to zero
          -C, --clear                 delete all virtual servers
              --set                   set the timeouts of connections, in seconds; 0 keeps one
              --start-daemon          start a sync daemon
              --stop-daemon           stop a sync daemon
          -h, --help                  show this
          -v, --version               show the version

        Virtual servers:
          -t, --tcp-service ADDRESS   TCP to a HOST:PORT, such as 10.96.0.1:80 or [fd00::1]:http
          -u, --udp-service ADDRESS   UDP
              --sctp-service ADDRESS  SCTP
              --ip-service N/ADDRESS  the protocol of that number
          -f, --fwmark-service MARK   packets with a firewall mark
          -6, --ipv6                  behind -f: IPv6 packets
          -s, --scheduler NAME        rr, wrr, lc, wlc (the default), lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf, twos
          -b, --sched-flags FLAGS     sh-fallback, sh-port, mh-fallback, mh-port, flag-1 to flag-3; with commas between
          -p, --persistent [SECONDS]  keep a client on one real server so long (360)
          -M, --netmask MASK          take the clients of a network for one: 255.255.255.0, or for IPv6 a length
              --pe ENGINE             look into packets: sip, which with -p tells clients apart by more than their address
          -o, --ops                   schedule each packet by itself (UDP)

        Real servers:
          -r, --real-server ADDRESS   HOST or HOST:PORT; without a port it has the virtual server's
          -g, --gatewaying            direct routing (the default)
          -i, --ipip                  a tunnel
          -m, --masquerading          network address translation
              --local                 this host itself
              --bypass                past the balancing
              --forwarding N          a method of a newer kernel, by its number (5 to 7)
          -w, --weight N              its share of connections (1)
          -x, --u-threshold N         no new connections from so many on
          -y, --l-threshold N         and again below so many
              --tun-type TYPE         ipip (the default), gue or gre
              --tun-port PORT         where gue is sent to
              --tun-nocsum, --tun-csum, --tun-remcsum
                                      the checksum of gue and gre: none (the default), full; remote for gue

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
              --sync-maxlen N         the longest message (by the interface)
              --mcast-group ADDRESS   the multicast group (224.0.0.81)
              --mcast-port PORT       the UDP port (8848)
              --mcast-ttl N           how many routers a message may pass (1)

        Where it differs from ipvsadm 1.31:

        """ + differences + "\n"

    /// Where ipvsctl differs from ipvsadm 1.31 on purpose, a line or more each, indented as a list.
    static let differences = """
          * Firewall marks above 2147483647 are shown as they are, not as negative numbers.
          * The counters of real servers are shown in full, not cut to 32 bits.
          * A real server with the forwarding method "bypass" is listed as Bypass, not as (null).
          * -S loses nothing: it writes thresholds (-x, -y), the third flag of sh and mh (flag-3), other protocols \
        (--ip-service), --local, --bypass and --forwarding. A name is written only if it leads back to the same address or port.
          * -R reads all that -S writes, and what ipvsadm -S writes but can't read: port 0 and --ops of any virtual \
        server, -p 0, -x and -y above 2147483647, the port of a real server with -g or -i, negative firewall marks, -b \
        without flags, (null), names in brackets.
          * -R tells each line that failed by its number, and its exit status is not zero if any did; ipvsadm's is that \
        of the last line. Lines that begin with # are passed over.
          * The port of a real server and -M mean the same wherever they stand; ipvsadm gives a real server port 0 where \
        -r stands before the virtual server, and forgets -M before an IPv6 one.
          * Refused are: an IPv4 address in brackets, whose port ipvsadm drops; a prefix length with anything behind it.
        """
}
