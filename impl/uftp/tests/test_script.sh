#!/bin/sh
# SPDX-License-Identifier: MIT
# uftpd's post-receive script (-s) in the real program: what it is given, and that none, whatever it
# does, holds up the receiver.
#
# usage: test_script.sh UFTP UFTPD
. "$(dirname "$0")/stage.sh"

mkdir "$stage/source"
cd "$stage/source" || exit 1
echo one >one
echo two >two

# script NAME: makes $stage/NAME.script of what comes in
script() {
    {
        echo '#!/bin/sh'
        cat
    } >"$stage/$1.script"
    chmod +x "$stage/$1.script"
}

# Its environment, descriptors and group; the daemon's own has things that are nobody's business.
script tells <<END
tr '\\0' '\\n' </proc/\$\$/environ | sort >"$stage/environment"
ls -l /proc/\$\$/fd | cat >"$stage/descriptors"
cut -d ' ' -f 1,5 /proc/\$\$/stat >"$stage/group"
echo "\$@" >"$stage/arguments.new"
mv "$stage/arguments.new" "$stage/arguments"
END
inside="env -i SECRET=x BASH_ENV=/evil LD_BIND_NOW=1 PATH=$PATH LANG=C TZ=UTC"
# Descriptor 9 is left open by whoever starts the daemon.
start_receiver tells -U 0xA1 -s "$stage/tells.script" 9<one
inside=
send 0 -H 0xA1 one
wait_for test -e "$stage/arguments"
grep -Eqx -- "-I [0-9A-F]{8} $stage/tells/one" "$stage/arguments" || complain "arguments: $(cat "$stage/arguments")"
printf 'LANG=C\nPATH=%s\nTZ=UTC\n' "$PATH" | cmp -s - "$stage/environment" ||
    complain "environment: $(cat "$stage/environment")"
expect_lines 3 " [012] -> /dev/null" "$stage/descriptors"
# Besides, the script's own file, and what the shell makes for the pipe above.
[ "$(grep -c ' -> ' "$stage/descriptors")" = "$(grep -Ec ' -> (/dev/null|.*/tells.script|pipe:.*)$' "$stage/descriptors")" ] ||
    complain "descriptors: $(cat "$stage/descriptors")"
read -r pid leader <"$stage/group"
[ "$pid" = "$leader" ] || complain "the script is in the group $leader, not its own"
stop_receiver "$receiver"

# One that hangs, with a child: the next sessions are served meanwhile, and then both are ended.
script hangs <<END
sleep 1000 &
echo "\$\$ \$!" >>"$stage/hanging"
wait
END
start_receiver hangs -U 0xA1 -s "$stage/hangs.script" --script-time 2
began=$(date +%s%N)
send 0 -H 0xA1 one
send 0 -H 0xA1 two
[ $((($(date +%s%N) - began) / 1000000)) -lt 1900 ] || complain "the sessions waited for the script"
wait_for test "$(wc -l <"$stage/hanging")" = 2
wait_for sh -c "[ \$(grep -c 'has run for 2 seconds: it is told to end' '$stage/hangs.log') = 2 ]"
# shellcheck disable=SC2046
for pid in $(cat "$stage/hanging"); do
    wait_for sh -c "! kill -0 $pid"
done
wait_for sh -c "[ \$(grep -c 'ended by signal 15' '$stage/hangs.log') = 2 ]"
# Nor does one that hangs hold up the end of the program.
rm "$stage/hanging"
send 0 -H 0xA1 one
wait_for test -s "$stage/hanging"
began=$(date +%s%N)
stop_receiver "$receiver"
[ $((($(date +%s%N) - began) / 1000000)) -lt 1500 ] || complain "the end waited for the script"
read -r pid child <"$stage/hanging"
kill -0 "$pid" || complain "the script has not outlived uftpd"
kill "$pid" "$child"

# One that puts a child into the background and ends: that is its own business, and no zombie stays.
script forks <<END
(sleep 1; echo late >"$stage/late") &
exit 0
END
start_receiver forks -U 0xA1 -s "$stage/forks.script" --script-time 60
send 0 -H 0xA1 one
wait_for test -s "$stage/late"
[ -z "$(cat "/proc/$receiver/task/$receiver/children")" ] ||
    complain "children: $(cat "/proc/$receiver/task/$receiver/children")"
stop_receiver "$receiver"
verdict
