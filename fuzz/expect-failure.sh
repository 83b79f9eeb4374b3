#!/bin/sh
# SPDX-License-Identifier: MIT
# expect-failure.sh PROGRAM ARGUMENT...: succeeds when a fuzz program fails, and fails for the
# reason that broken.c prints, not because something is missing.
if output=$("$@" 2>&1); then
    echo "a broken target was not noticed"
    exit 1
fi
case $output in
*"broken target: the defect was reached"*) exit 0 ;;
esac
printf 'failed for another reason:\n%s\n' "$output"
exit 1
