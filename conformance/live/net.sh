# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A small network of real kernels' stacks for shell scripts: nodes (network namespaces) with one
# interface `e0` each, joined by a bridge, nothing of it visible from outside. To be sourced.
#
#   net_enter "$0" "$@"    first thing: goes on inside fresh namespaces, or returns 77 and a reason.
#                          Inside, $NET_WORK is a folder that goes when the script ends, unless
#                          it has a file named `keep`
#   net_up NODE...         creates the nodes; the n-th has 10.77.0.n/24 and fd77::n/64
#   net_at NODE COMMAND    runs a command there
#   net_exec NODE COMMAND  becomes a command there: `net_exec r1 uftpd & pid=$!` is uftpd's own pid
#   net_loss NODE PERCENT  from now on the node loses this share of the UDP datagrams that reach it
#   net_lost NODE          how many it has lost
#   net_wait NODE          waits until something there listens on port 1044 of 230.4.4.1
#
# Everything, mounts and processes included, lives in namespaces owned by the script's process, so
# the kernel clears it away however the script ends, even by SIGKILL. That needs root or
# unprivileged user namespaces, and neither touches the host's interfaces or firewall.

net_enter() {
    [ -z "${NET_INSIDE:-}" ] || { net_mount; return; }
    for tool in unshare nsenter setpriv ip nft; do
        command -v $tool >/dev/null || {
            echo "skipped: no '$tool' here (Debian: util-linux, iproute2, nftables)"
            return 77
        }
    done
    # Root may still lack the capability (containers), so the thing itself is tried.
    net_map=
    [ "$(id -u)" -eq 0 ] || net_map=--map-root-user
    net_reason=$(unshare $net_map --mount --net --pid --fork --mount-proc sh -c 'mount -t tmpfs none /run &&
        ip link add try-br type bridge && ip link add try-a type veth peer try-b' 2>&1) || {
        echo "skipped: network namespaces are not allowed here ($net_reason)"
        return 77
    }
    NET_WORK=$(mktemp -d "${TMPDIR:-/tmp}/uftp-net.XXXXXX") || return 1
    export NET_WORK
    # Whoever ends takes the next one along: this shell its child, and that one everything inside.
    NET_INSIDE=1 setpriv --pdeathsig KILL \
        unshare $net_map --mount --net --pid --fork --kill-child --mount-proc "$@" &
    net_pid=$!
    trap 'kill -KILL $net_pid; wait $net_pid; sleep 0.2; net_leave 130' HUP INT TERM
    wait $net_pid
    net_leave $?
}

net_leave() {
    if [ -e "$NET_WORK/keep" ]; then echo "kept: $NET_WORK"; else rm -rf "$NET_WORK"; fi
    exit "$1"
}

net_mount() {
    mount -t tmpfs -o mode=755 none /run && mkdir /run/netns
}

net_up() {
    ip link set lo up
    ip link add hub type bridge mcast_snooping 0 # no querier here: snooping would starve groups
    ip link set hub up
    net_index=0
    for net_node; do
        net_index=$((net_index + 1))
        ip netns add "$net_node" &&
            ip link add "to-$net_node" type veth peer name e0 netns "$net_node" &&
            ip link set "to-$net_node" master hub up &&
            ip -n "$net_node" link set lo up &&
            ip -n "$net_node" addr add "10.77.0.$net_index/24" brd + dev e0 &&
            ip -n "$net_node" addr add "fd77::$net_index/64" dev e0 nodad &&
            ip -n "$net_node" link set e0 up &&
            ip -n "$net_node" route add 224.0.0.0/4 dev e0 || return 1
    done
}

# Not `ip netns exec`: that mounts /sys anew, which containers with a masked /sys refuse.
net_at() {
    net_node=$1
    shift
    nsenter --net="/run/netns/$net_node" "$@"
}

net_exec() {
    net_node=$1
    shift
    exec nsenter --net="/run/netns/$net_node" "$@"
}

# nftables rather than netem: the latter is a kernel module that many machines lack.
net_loss() {
    net_at "$1" nft flush ruleset
    [ "$2" -eq 0 ] || net_at "$1" nft "table inet loss { chain input {
        type filter hook input priority 0;
        meta l4proto udp numgen random mod 100 < $2 counter drop; }; }"
}

net_lost() {
    net_at "$1" nft list table inet loss | sed -n 's/.* packets \([0-9]*\) .*/\1/p'
}

net_wait() {
    net_tries=0
    # 230.4.4.1 as /proc/net/igmp writes it, port 1044 as /proc/net/udp and udp6 do.
    until net_at "$1" sh -c 'grep -q 010404E6 /proc/net/igmp && grep -q ":0414 " /proc/net/udp*'; do
        net_tries=$((net_tries + 1))
        [ $net_tries -lt 300 ] || return 1
        sleep 0.05
    done
}
