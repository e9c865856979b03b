# fish completion for ipvsctl(8), which also takes the command lines of ipvsadm(8)

# Whether the command is one of these: a letter of ipvsadm, a long option without a letter, a subcommand, or "none".
function __ipvsctl_on
    set -l words (commandline -opc)
    set -e words[1]
    # The command is the first word but for these two options.
    while string match -qr -- '^--(netns|json)' $words[1]
        test "$words[1]" = --netns && set -e words[1]
        set -e words[1]
    end
    set -l command (string replace -r '=.*' '' -- $words[1])
    set -l long --{add,edit,delete}-{service,server} --list --save --zero
    set -l letters A a E e D d L S Z
    if not set -q command[1]
        set command none
    else if set -l index (contains -i -- $command $long)
        set command $letters[$index]
    else if string match -qr -- '^-[^-]' $command
        # Letters can share a word.
        set command (string sub -s 2 -l 1 -- $command | string replace l L)
    end
    contains -- $command $argv
end

# Prints the kernel's table in the form of ipvsadm -S. Without root or IPVS there is none, which is no error here.
function __ipvsctl_table
    command -q ipvsctl || return
    # The empty word is the value of an option that still lacks it.
    argparse -i netns= -- (commandline -opc)[2..] '' 2>/dev/null
    set -l option
    test -z "$_flag_netns" || set option --netns=$_flag_netns[-1]
    command ipvsctl -Sn $option 2>/dev/null </dev/null
end

# Prints the word behind a beginning, for each line of the table that has this beginning.
function __ipvsctl_behind -a beginning
    __ipvsctl_table | string match -rg -- '^'(string escape --style=regex -- $beginning)'(\S+)'
end

# Prints the virtual servers of an option. What -A adds is not in the table yet.
function __ipvsctl_services -a option
    __ipvsctl_on E D a e d L Z && __ipvsctl_behind "-A $option "
end

# Prints the real servers of the virtual server that is on the line.
function __ipvsctl_real_servers
    argparse -i d/delete-server e/edit-server 6/ipv6 t/tcp-service= u/udp-service= f/fwmark-service= \
        sctp-service= ip-service= r/real-server= -- (commandline -opc)[2..] '' 2>/dev/null
    set -q _flag_6 && set -l family " -6"
    # An option that is not on the line has no values, and so no words here.
    for service in "-t "$_flag_t "-u "$_flag_u "-f "$_flag_f"$family" "--sctp-service "$_flag_sctp_service \
            "--ip-service "$_flag_ip_service
        __ipvsctl_behind "-a $service -r "
    end
end

# Prints drain's arguments: virtual servers, such as tcp:10.96.0.1:80 and fwm:7:ipv6, and then real servers.
function __ipvsctl_drain
    set -l service (commandline -opc | string match -r '^(?:tcp|udp|sctp|fwm):.*')
    if set -q service[1]
        set service (string replace -- tcp: '-t ' $service[1] | string replace -- udp: '-u ' |
            string replace -- sctp: '--sctp-service ' | string replace -- fwm: '-f ' | string replace -- :ipv6 ' -6')
        __ipvsctl_behind "-a $service -r "
    else
        __ipvsctl_table | string replace -- '-A -t ' tcp: | string replace -- '-A -u ' udp: |
            string replace -- '-A --sctp-service ' sctp: | string replace -r -- '-A -f (\d+) -6' 'fwm:$1:ipv6' |
            string replace -- '-A -f ' fwm: | string match -rg '^([a-z]+:\S+)'
    end
end

# Prints names of network namespaces, or paths, which are possible too.
function __ipvsctl_namespaces
    set -l files /run/netns/*
    string replace -r '.*/' '' -- $files
    string match -q '*/*' -- (commandline -ct) && __fish_complete_path (commandline -ct)
end

# Adds a completion for some commands.
function __ipvsctl_add -a commands
    complete -c ipvsctl -c ipvsadm -n "__ipvsctl_on $commands" $argv[2..]
end

complete -c ipvsctl -c ipvsadm -f
complete -c ipvsctl -c ipvsadm -n 'not __ipvsctl_on validate help' -x -l netns -a '(__ipvsctl_namespaces)' \
    -d 'Network namespace: path, PID or name'

# ipvsadm has no subcommands.
set -l first complete -c ipvsctl -n '__ipvsctl_on none'
$first -a export -d "Print the kernel's table"
$first -a validate -d 'Report all errors in a file'
$first -a diff -d "Show how the kernel's table differs from a file"
$first -a apply -d "Make the kernel's table match a file"
$first -a drain -d 'Take a real server out of service'
$first -a top -d 'Show virtual and real servers with their rates'
$first -a help -d 'Explain a subcommand'
set -e first

__ipvsctl_add 'help' -a 'export validate diff apply drain top'
__ipvsctl_add 'validate diff apply' -F
__ipvsctl_add 'drain' -k -a '(__ipvsctl_drain)'
__ipvsctl_add 'export validate diff apply' -x -l format -a 'json yaml ipvsadm' -d 'Format of the file'
__ipvsctl_add 'export' -r -F -l output -d 'File to write'
__ipvsctl_add 'diff apply' -x -l own -d 'Change only virtual servers in this block'
__ipvsctl_add 'apply' -l dry-run -d 'Print what would be changed'
__ipvsctl_add 'apply' -x -l drain -d 'Drain real servers before they are deleted, for this time'
__ipvsctl_add 'apply drain' -x -l wait -d 'How long to wait for another ipvsctl (30s)'
__ipvsctl_add 'drain' -x -l timeout -d 'How long connections may last (5m)'
__ipvsctl_add 'drain' -x -l interval -d 'Time between two checks (1s)'
__ipvsctl_add 'top' -x -l interval -d 'Time between two updates (2s)'
__ipvsctl_add 'top' -x -l count -d 'Number of updates'
__ipvsctl_add 'top' -x -l sort -d 'Column to sort by (connections)' \
    -a 'name weight active inactive connections packets-in packets-out bytes-in bytes-out'
__ipvsctl_add 'none export validate diff apply drain top' -s h -l help -d 'Show help'

# Commands of ipvsadm.
__ipvsctl_add none -s A -l add-service -d 'Add a virtual server'
__ipvsctl_add none -s E -l edit-service -d 'Replace the configuration of a virtual server'
__ipvsctl_add none -s D -l delete-service -d 'Delete a virtual server with its real servers'
__ipvsctl_add none -s a -l add-server -d 'Add a real server to a virtual server'
__ipvsctl_add none -s e -l edit-server -d 'Replace the configuration of a real server'
__ipvsctl_add none -s d -l delete-server -d 'Delete a real server'
__ipvsctl_add none -s L -s l -l list -d 'List the table, or what the options select'
__ipvsctl_add none -s S -l save -d 'Write the table as lines that -R reads'
__ipvsctl_add none -s R -l restore -d 'Run the commands on standard input, one per line'
__ipvsctl_add none -s Z -l zero -d 'Set counters to zero'
__ipvsctl_add none -s C -l clear -d 'Delete all virtual servers'
__ipvsctl_add none -l set -d 'Set the timeouts of connections, in seconds'
__ipvsctl_add 'none --start-daemon' -x -l start-daemon -a 'master backup' -d 'Start a sync daemon'
__ipvsctl_add 'none --stop-daemon' -x -l stop-daemon -a 'master backup' -d 'Stop a sync daemon'
__ipvsctl_add none -s v -l version -d 'Show the version'

# Virtual servers.
__ipvsctl_add 'A E D a e d L Z' -x -s t -l tcp-service -a '(__ipvsctl_services -t)' -d 'TCP to an address'
__ipvsctl_add 'A E D a e d L Z' -x -s u -l udp-service -a '(__ipvsctl_services -u)' -d 'UDP to an address'
__ipvsctl_add 'A E D a e d L Z' -x -l sctp-service -a '(__ipvsctl_services --sctp-service)' -d 'SCTP to an address'
__ipvsctl_add 'A E D a e d L Z' -x -l ip-service -a '(__ipvsctl_services --ip-service)' -d 'Protocol with this number'
__ipvsctl_add 'A E D a e d L Z' -x -s f -l fwmark-service -a '(__ipvsctl_services -f)' -d 'Packets with a firewall mark'
__ipvsctl_add 'A E D a e d L Z' -s 6 -l ipv6 -d 'With -f: IPv6 packets'
__ipvsctl_add 'A E' -x -s s -l scheduler -a 'rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos' -d 'Scheduler (wlc)'
__ipvsctl_add 'A E' -x -s b -l sched-flags -d 'Flags of the scheduler' \
    -a '(__fish_append , sh-fallback sh-port mh-fallback mh-port flag-1 flag-2 flag-3)'
__ipvsctl_add 'A E' -s p -l persistent -d 'Keep a client on one real server (360 seconds)'
__ipvsctl_add 'A E' -x -s M -l netmask -d 'Treat the clients of a network as one'
__ipvsctl_add 'A E' -x -l pe -a sip -d 'Persistence engine'
__ipvsctl_add 'A E' -s o -l ops -d 'Schedule each packet individually (UDP)'

# Real servers. What -a adds is not in the table yet.
__ipvsctl_add 'a' -x -s r -l real-server -d 'Real server'
__ipvsctl_add 'e d' -x -s r -l real-server -a '(__ipvsctl_real_servers)' -d 'Real server'
__ipvsctl_add 'a e' -s g -l gatewaying -d 'Direct routing (the default)'
__ipvsctl_add 'a e' -s i -l ipip -d 'A tunnel'
__ipvsctl_add 'a e' -s m -l masquerading -d 'Network address translation'
__ipvsctl_add 'a e' -l local -d 'This host'
__ipvsctl_add 'a e' -l bypass -d "To the packet's original destination"
__ipvsctl_add 'a e' -x -l forwarding -a '5 6 7' -d 'A method of a newer kernel, by its number'
__ipvsctl_add 'a e' -x -s w -l weight -d 'Its share of connections (1)'
__ipvsctl_add 'a e' -x -s x -l u-threshold -d 'No new connections from this number on'
__ipvsctl_add 'a e' -x -s y -l l-threshold -d 'New connections again below this number'
__ipvsctl_add 'a e' -x -l tun-type -a 'ipip gue gre' -d 'Type of the tunnel (ipip)'
__ipvsctl_add 'a e' -x -l tun-port -d 'UDP destination port for gue'
__ipvsctl_add 'a e' -l tun-nocsum -d 'No checksum (the default)'
__ipvsctl_add 'a e' -l tun-csum -d 'Full checksum'
__ipvsctl_add 'a e' -l tun-remcsum -d 'Remote checksum, for gue'

# Listings.
__ipvsctl_add L -l stats -d 'Counters'
__ipvsctl_add L -l rate -d 'Counters per second'
__ipvsctl_add L -l thresholds -d 'Thresholds of connections'
__ipvsctl_add L -l persistent-conn -d 'Counts of persistent connections'
__ipvsctl_add L -l tun-info -d 'Tunnels'
__ipvsctl_add L -s c -l connection -d 'Connections'
__ipvsctl_add L -l timeout -d 'Timeouts'
__ipvsctl_add L -l daemon -d 'Sync daemons'
__ipvsctl_add 'L S' -s n -l numeric -d 'Numbers instead of names'
__ipvsctl_add L -s X -l exact -d 'Whole numbers, without K, M, G and T'
__ipvsctl_add L -l nosort -d "In the kernel's order"
__ipvsctl_add L -l sort -d 'Has no effect: it is the default'
__ipvsctl_add 'none L' -l json -d 'As JSON'

# Sync daemons.
__ipvsctl_add --start-daemon -x -l mcast-interface -a '(__fish_print_interfaces)' -d 'Network interface (eth0)'
__ipvsctl_add '--start-daemon --stop-daemon' -x -l syncid -d 'Group of balancers, 0 to 255 (0)'
__ipvsctl_add --start-daemon -x -l sync-maxlen -d 'Maximum length of a message'
__ipvsctl_add --start-daemon -x -l mcast-group -d 'Multicast group (224.0.0.81)'
__ipvsctl_add --start-daemon -x -l mcast-port -d 'UDP port (8848)'
__ipvsctl_add --start-daemon -x -l mcast-ttl -d 'TTL of messages (1)'
