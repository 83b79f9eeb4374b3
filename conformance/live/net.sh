# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A small network of real kernels' stacks for shell scripts: nodes (network namespaces) with one
# interface `e0` each, joined by a bridge, nothing of it visible from outside. To be sourced.
#
#   net_enter "$0" "$@"    first thing: goes on inside fresh namespaces, or returns 77 and a reason.
#                          Inside, $NET_WORK is a folder that goes when the script ends, unless
#                          it has a file named `keep`
#   net_check              whether that is possible; if not, $net_reason says why
#   net_up NODE...         creates the nodes; the n-th has 10.77.0.n/24 and fd77::n/64
#   net_wire NODE NODE INTERFACE PREFIX   a second way between two nodes: INTERFACE at both, which
#                          have PREFIX.1 and PREFIX.2 there
#   net_at NODE COMMAND    runs a command there
#   net_exec NODE COMMAND  becomes a command there: `net_exec r1 uftpd & pid=$!` is uftpd's own pid
#   net_loss NODE PERCENT  from now on the node loses this share of the UDP datagrams that reach it
#   net_lost NODE          how many it has lost
#   net_wait NODE [GROUP]  waits until a program there has port 1044 and a UFTP group: 230.4.4.1
#                          (the default) or, for IPv6, ff15::44:1; or another GROUP, written as in
#                          /proc/net/igmp (010404E6) or /proc/net/igmp6 (32 digits)
#
# Everything, mounts and processes included, lives in namespaces owned by the script's process, so
# the kernel clears it away however the script ends, even by SIGKILL. That needs root or
# unprivileged user namespaces, and neither touches the host's interfaces or firewall.

net_check() {
    for tool in unshare nsenter setpriv ip nft; do
        command -v $tool >/dev/null || {
            net_reason="no '$tool' here (Debian: util-linux, iproute2, nftables)"
            return 1
        }
    done
    net_map=
    [ "$(id -u)" -eq 0 ] || net_map=--map-root-user
    # Root may still lack the capability (containers), so the thing itself is tried.
    net_reason=$(unshare $net_map --mount --net --pid --fork --mount-proc sh -c '
        ip link add try-br type bridge && ip link add try-a type veth peer try-b &&
        nft add table inet try' 2>&1) && return 0
    net_reason="network namespaces are not allowed here ($net_reason)"
    return 1
}

net_enter() {
    [ -z "${NET_INSIDE:-}" ] || return 0
    net_check || {
        echo "skipped: $net_reason"
        return 77
    }
    NET_WORK=$(mktemp -d "${TMPDIR:-/tmp}/uftp-net.XXXXXX") || return 1
    export NET_WORK
    # Whoever ends takes the next one along: this shell its child, and that one everything inside.
    NET_INSIDE=1 setpriv --pdeathsig KILL \
        unshare $net_map --mount --net --pid --fork --kill-child --mount-proc "$@" &
    net_pid=$!
    trap 'kill -KILL $net_pid; wait $net_pid 2>/dev/null; sleep 0.2; net_leave 130' HUP INT TERM
    wait $net_pid
    net_leave $?
}

net_leave() {
    if [ -e "$NET_WORK/keep" ]; then echo "kept: $NET_WORK"; else rm -rf "$NET_WORK"; fi
    exit "$1"
}

net_up() {
    ip link set lo up
    ip link add hub type bridge mcast_snooping 0 # no querier here: snooping would starve groups
    ip link set hub up
    net_index=0
    for net_node; do
        net_index=$((net_index + 1))
        # The file holds the namespace, so that nothing has to run to keep it. Not `ip netns`:
        # that wants to write below /run and to mount /sys anew, which is not allowed everywhere.
        net_file=$NET_WORK/net-$net_node
        : >"$net_file"
        unshare --net="$net_file" true &&
            # Link-local addresses are good at once: nobody else could have them.
            net_at "$net_node" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad' &&
            ip link add "to-$net_node" type veth peer name e0 netns "$net_file" &&
            ip link set "to-$net_node" master hub up &&
            net_at "$net_node" ip -batch - <<END || return 1
link set lo up
addr add 10.77.0.$net_index/24 brd + dev e0
addr add fd77::$net_index/64 dev e0 nodad
link set e0 up
route add 224.0.0.0/4 dev e0
END
    done
    for net_node; do
        net_linked "$net_node" e0 || return 1
    done
}

net_wire() {
    ip link add "$3" netns "$NET_WORK/net-$1" type veth peer name "$3" netns "$NET_WORK/net-$2" &&
        net_at "$1" ip addr add "$4.1/24" brd + dev "$3" && net_at "$1" ip link set "$3" up &&
        net_at "$2" ip addr add "$4.2/24" brd + dev "$3" && net_at "$2" ip link set "$3" up &&
        net_linked "$1" "$3" && net_linked "$2" "$3"
}

# The kernel may take a second to see that both ends are up, and gives addresses only then.
net_linked() {
    for _ in $(seq 100); do
        ! net_at "$1" ip -6 -o addr show dev "$2" scope link | grep -q fe80 || return 0
        sleep 0.05
    done
    return 1
}

net_at() {
    (net_exec "$@")
}

net_exec() {
    net_there=$NET_WORK/net-$1
    shift
    exec nsenter --net="$net_there" "$@"
}

# nftables rather than netem: the latter is a kernel module that many machines lack.
net_loss() {
    net_at "$1" nft flush ruleset
    # A train of segments (GSO) crosses the bridge as one packet, and would be lost as one.
    net_segments=65535
    [ "$2" -eq 0 ] || net_segments=1
    ip link set "to-$1" gso_max_segs $net_segments
    [ "$2" -eq 0 ] || net_at "$1" nft "table inet loss { chain input {
        type filter hook input priority 0;
        meta l4proto udp numgen random mod 100 < $2 counter drop; }; }"
}

net_lost() {
    net_at "$1" nft list table inet loss | sed -n 's/.* packets \([0-9]*\) .*/\1/p'
}

net_wait() {
    net_tries=0
    # The addresses and the port as the kernel's tables write them.
    until net_at "$1" sh -c 'grep -q ":0414 " /proc/net/udp /proc/net/udp6 &&
        if [ -n "$1" ]; then grep -qi "$1" /proc/net/igmp /proc/net/igmp6; else
        grep -q 010404E6 /proc/net/igmp || grep -q "ff15[0]*00440001" /proc/net/igmp6; fi' - "${2:-}"; do
        net_tries=$((net_tries + 1))
        [ $net_tries -lt 300 ] || return 1
        sleep 0.05
    done
}
