#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replay_table.sh CAPTURES RULES DOCUMENT: the table of replays in CAPTURES/README.md has one row for each scenario
# and no other, every cell says how it is replayed or why not, and the sums below it are right. That
# the cells are true is what the replays themselves test, which are made from the table. And each rule
# of RULES (rules.h) stands in DOCUMENT.
set -u
captures=$1
rules=$2
document=$3
table=$captures/README.md
failed=0

fault() {
    echo "$*"
    failed=1
}

for folder in "$captures"/v[45]-*; do
    name=${folder##*/}
    rows=$(grep -c "^| $name | " "$table")
    [ "$rows" = 1 ] || fault "$name has $rows rows"
    # An empty cell where there is no proxy, and there alone.
    proxies=$(grep -c '"role": ".* proxy"' "$folder/manifest.json")
    cell=$(grep "^| $name | " "$table" | sed 's/.*| \([^|]*\) |$/\1/')
    [ "$proxies" = 0 ] && [ "$cell" != none ] && fault "$name has no proxy, but '$cell'"
    [ "$proxies" != 0 ] && [ "$cell" = none ] && fault "$name has $proxies proxies"
done
cell='\(full\|opened\|plain\|not ([a-z-]*): [^|]*[^| ]\)'
for name in $(sed -n 's/^| \(v[45]-[^ ]*\) | .*/\1/p' "$table"); do
    [ -d "$captures/$name" ] || fault "there is no capture $name"
    grep -q "^| $name | $cell | $cell | \($cell\|none\) |\$" "$table" ||
        fault "$name: a cell that says neither how nor why not"
done

# sum COLUMN: how many cells of each kind.
sum() {
    grep '^| v[45]-' "$table" | awk -F ' [|] ' -v column="$1" '
        { cell = $column; sub(/^[|] /, "", cell); sub(/ [|]$/, "", cell); sub(/[ :].*/, "", cell)
          count[cell]++ }
        END { n = split("full opened plain not", kinds, " ")
              for (i = 1; i <= n; i++) {
                  separator = i < n ? ", " : "\n"
                  printf "%d %s%s", count[kinds[i]], kinds[i], separator
              } }'
}
for line in "receivers: $(sum 2)" "senders: $(sum 3)" "proxies: $(sum 4)"; do
    echo "$line"
    grep -qxF "$line" "$table" || fault "$table does not say '$line'"
done
for rule in $(grep -o '"[a-z]*-[a-z]*", *"*' "$rules" | sed 's/"\([^"]*\)".*/\1/'); do
    grep -q "^| \`$rule\` |" "$document" || fault "$document does not tell of $rule"
done
exit $failed
