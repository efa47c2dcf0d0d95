#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the suite on file systems that lack something: the real programs in a directory (-d),
# where files keep their names, and on FUSE where it can be mounted.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP LOCKFAIR_FILES
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
LOCKFAIR_EFFORT=10
export LOCKFAIR_PROGRAMS LOCKFAIR_EFFORT

run() {
	ran="$*"
	"$@" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
	tr -s '\n ' ' ' <"$top/err" >"$top/answer"
}

# ---- files that keep their names, on any file system ----

mkdir "$top/locks" || exit 1
# Programs that open, rename or remove files themselves.
for name in access names regressions_files reference lease model; do
	run env LOCKFAIR_FILES=named LOCKFAIR_DIR="$top/locks" \
		"$LOCKFAIR_PROGRAMS/tests/$name" -t '*.posix.*' -t '*.flock.*'
	is "named files: $name: exit status" $rc 0
	is "named files: $name leaves none" "$(ls -A "$top/locks")" ""
done
# Here an actor may make a file when the test is over: run_tests.sh removes the folder.
run env LOCKFAIR_FILES=named "$here/../run_tests.sh" -d "$top/locks" -t 'lock_file:*'
is "named files: lock_file: exit status" $rc 0
has_not "named files: lock_file: nothing is skipped" err 'skip'
is "named files: lock_file: nothing is left" "$(ls -A "$top/locks")" ""

finish
