#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of report/answers: each glob of it matches claims, and each topic is decided by some.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
export LOCKFAIR_PROGRAMS
list=$here/../report/answers

grep -v '^#' "$list" >"$top/list"
said=$(awk -F '\t' 'NF != 2 || $1 == "" || $2 == ""' "$top/list")
is "each line has two columns" "$said" ""
is "each topic is decided by some claims" "$(cut -f 2 "$top/list" | sort -u | tr '\n' ' ')" \
	"alternation barging exclusion order "
while IFS='	' read -r glob topic; do
	ran="run_tests.sh -l -t $glob"
	"$here/../run_tests.sh" -l -t "$glob" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
	is "$topic: $glob matches claims" $rc 0
done <"$top/list"

finish
