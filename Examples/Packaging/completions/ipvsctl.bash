# bash completion for ipvsctl(8), which also takes the command lines of ipvsadm(8)
# shellcheck shell=bash

# Prints the kernel's table in the form of ipvsadm -S. Without root or IPVS there is none, which is no error here.
_ipvsctl_table() { command ipvsctl -Sn ${netns:+--netns "$netns"} 2>/dev/null </dev/null; }

# Prints the word behind a beginning, for each line of the table that has this beginning.
_ipvsctl_behind()
{
    _ipvsctl_table |
        awk -v start="$1" 'index($0, start) == 1 { split(substr($0, length(start) + 1), rest, " "); print rest[1] }'
}

# Prints the names of the files (-f) or folders (-d) in a folder.
_ipvsctl_names() { (cd "$2" 2>/dev/null && compgen "$1"); }

# Offers those words of a text that begin with the current word. The current word's own beginning can be kept.
_ipvsctl_offer()
{
    # compgen would run commands that are in the text, if it were not in a variable.
    # shellcheck disable=SC2034
    local text=$1 kept=${2-}
    # Not COMPREPLY=($(…)), as an address in brackets is also a pattern for files.
    # shellcheck disable=SC2016
    mapfile -t COMPREPLY < <(compgen -P "$kept" -W '$text' -- "${cur#"$kept"}")
    # Readline replaces only what follows the last colon, but all of a word that is in quotes. A backslash, as in \[,
    # is not in what is offered.
    [[ $cur == [\'\"]* ]] || __ltrim_colon_completions "${cur//\\/}"
}

# Notes what an option or another word says about the table.
_ipvsctl_take()
{
    case $1 in
        -t | --tcp-service) service="-t $2" ;;
        -u | --udp-service) service="-u $2" ;;
        -f | --fwmark-service) service="-f $2" ;;
        --sctp-service | --ip-service) service="$1 $2" ;;
        -*6) family=" -6" ;;
        --netns) netns=$2 ;;
        # The other words are the virtual server of drain.
        tcp:*) service="-t ${1#*:}" ;;
        udp:*) service="-u ${1#*:}" ;;
        sctp:*) service="--sctp-service ${1#*:}" ;;
        fwm:*) service="-f ${1#*:}" service=${service/:ipv6/ -6} ;;
    esac
}

# Reads the words before the cursor. In the end, option is the one whose value is due.
_ipvsctl_scan()
{
    local word
    for word in "${words[@]:1:cword-1}"; do
        word=${word//[\'\"\\]/}
        # The command is the first option but for these two.
        [[ $command || $option || $word != -?* || $word == --netns* || $word == --json ]] || command=$word
        if [[ $option ]]; then
            _ipvsctl_take "$option" "$word"
            option=
        elif [[ $word == --*=* ]]; then
            _ipvsctl_take "${word%%=*}" "${word#*=}"
        elif [[ $valued == *" $word "* ]]; then
            option=$word
        elif [[ $word == -*([!tufsbMrwxy-])[tufsbMrwxy] ]]; then
            # Letters can share a word, and the value follows the last one.
            option=-${word: -1}
            [[ $word != *6* ]] || family=" -6"
        else
            _ipvsctl_take "$word"
        fi
    done
    [[ $service != "-f "* ]] || service+=$family
    [[ $split == false ]] || option=$prev
}

# Offers the options and arguments of a subcommand.
_ipvsctl_subcommand()
{
    local options="" files=no
    case ${words[1]} in
        export) options="--format --output --netns" ;;
        validate) options="--format" files=yes ;;
        diff) options="--format --own --netns" files=yes ;;
        apply) options="--format --dry-run --own --drain --wait --netns" files=yes ;;
        drain) options="--timeout --interval --wait --netns" ;;
        top) options="--interval --count --sort --netns" ;;
        help) options="export validate diff apply drain top" ;;
    esac
    if [[ ${words[1]} == drain && $cur != -* && $service ]]; then
        _ipvsctl_offer "$(_ipvsctl_behind "-a $service -r ")"
    elif [[ ${words[1]} == drain && $cur != -* ]]; then
        _ipvsctl_offer "$(_ipvsctl_table | sed -nE 's/^-A -t /tcp:/; s/^-A -u /udp:/; s/^-A --sctp-service /sctp:/
            s/^-A -f ([0-9]+) -6/fwm:\1:ipv6/; s/^-A -f /fwm:/; s/^([a-z]+:[^ ]+) .*/\1/p')"
    elif [[ $files == yes && $cur != -* ]]; then
        _filedir
    else
        _ipvsctl_offer "$options --help"
    fi
}

# Offers the values of an option.
_ipvsctl_value()
{
    local start=
    case $option in
        -t | --tcp-service) start="-A -t " ;;
        -u | --udp-service) start="-A -u " ;;
        -f | --fwmark-service) start="-A -f " ;;
        --sctp-service | --ip-service) start="-A $option " ;;
        -r | --real-server) [[ ! $service ]] || start="-a $service -r " ;;
        -s | --scheduler) _ipvsctl_offer "rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos" ;;
        -b | --sched-flags)
            _ipvsctl_offer "sh-fallback sh-port mh-fallback mh-port flag-1 flag-2 flag-3" "${cur%"${cur##*,}"}"
            ;;
        --pe) _ipvsctl_offer "sip" ;;
        --format) _ipvsctl_offer "json yaml ipvsadm" ;;
        --sort) _ipvsctl_offer "name weight active inactive connections packets-in packets-out bytes-in bytes-out" ;;
        --tun-type) _ipvsctl_offer "ipip gue gre" ;;
        --start-daemon | --stop-daemon) _ipvsctl_offer "master backup" ;;
        --mcast-interface) _ipvsctl_offer "$(_ipvsctl_names -d /sys/class/net)" ;;
        --netns) if [[ $cur == */* ]]; then _filedir; else _ipvsctl_offer "$(_ipvsctl_names -f /run/netns)"; fi ;;
        --output) _filedir ;;
    esac
    # What -A and -a add is not in the table yet.
    case $command:$start in
        *: | -A* | --add-service:* | -a*:*" -r " | --add-server:*" -r ") ;;
        *) _ipvsctl_offer "$(_ipvsctl_behind "$start")" ;;
    esac
}

# Offers the options of ipvsadm that go with the command.
_ipvsctl_options()
{
    local services="-t --tcp-service -u --udp-service --sctp-service --ip-service -f --fwmark-service -6 --ipv6"
    case $command in
        -[AE]* | --add-service | --edit-service)
            _ipvsctl_offer "$services -s --scheduler -b --sched-flags -p --persistent -M --netmask --pe -o --ops \
                --netns"
            ;;
        -[ae]* | --add-server | --edit-server)
            _ipvsctl_offer "$services -r --real-server -g --gatewaying -i --ipip -m --masquerading --local --bypass \
                --forwarding -w --weight -x --u-threshold -y --l-threshold --tun-type --tun-port --tun-nocsum \
                --tun-csum --tun-remcsum --netns"
            ;;
        -d* | --delete-server) _ipvsctl_offer "$services -r --real-server --netns" ;;
        -[DZ]* | --delete-service | --zero) _ipvsctl_offer "$services --netns" ;;
        -[Ll]* | --list)
            _ipvsctl_offer "$services --stats --rate --thresholds --persistent-conn --tun-info -c --connection \
                --timeout --daemon -n --numeric -X --exact --nosort --sort --json --netns"
            ;;
        -S* | --save) _ipvsctl_offer "-n --numeric --netns" ;;
        --stop-daemon*) _ipvsctl_offer "--syncid --netns" ;;
        --start-daemon*)
            _ipvsctl_offer "--syncid --sync-maxlen --mcast-interface --mcast-group --mcast-port --mcast-ttl --netns"
            ;;
        -*) _ipvsctl_offer "--netns" ;;
        *)
            _ipvsctl_offer "-A --add-service -E --edit-service -D --delete-service -a --add-server -e --edit-server \
                -d --delete-server -L -l --list -S --save -R --restore -Z --zero -C --clear --set --start-daemon \
                --stop-daemon -h --help -v --version --netns --json"
            ;;
    esac
}

_ipvsctl()
{
    local cur prev words cword split=false
    _init_completion -s -n : || return
    local command="" option="" service="" family="" netns="" classic=yes
    local valued=" --tcp-service --udp-service --sctp-service --ip-service --fwmark-service --scheduler --sched-flags \
        --netmask --pe --real-server --forwarding --weight --u-threshold --l-threshold --tun-type --tun-port \
        --start-daemon --stop-daemon --mcast-interface --syncid --sync-maxlen --mcast-group --mcast-port --mcast-ttl \
        --netns "
    # A subcommand is the first word, and ipvsadm has none.
    if [[ ${words[0]##*/} != ipvsadm && ${words[1]} != -* ]]; then
        classic=no
        valued=" --format --output --own --drain --wait --timeout --interval --count --sort --netns "
    fi
    _ipvsctl_scan
    if [[ $option ]]; then
        _ipvsctl_value
    elif [[ $classic == yes ]]; then
        _ipvsctl_options
    elif ((cword == 1)); then
        _ipvsctl_offer "export validate diff apply drain top help"
    else
        _ipvsctl_subcommand
    fi
} && complete -F _ipvsctl ipvsctl ipvsadm
