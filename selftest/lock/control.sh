#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The controls must be fair: spin tries every order of their steps (control.pml), and finds each
# fault that is put into them.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

have spin || {
	echo "1..0 # SKIP spin is not installed"
	exit 0
}
model=$here/lock/control.pml

# Check the model with the definitions $*. Set said to "fine", or to what is wrong.
check() {
	rm -rf "$top/model"
	mkdir "$top/model"
	(cd "$top/model" && spin -a "$@" "$model" && ${CC:-gcc} -O2 -w -DSAFETY -o pan pan.c &&
		./pan -m100000) >"$top/out" 2>"$top/err"
	said=$(sed -nE 's/^pan:1: (assertion violated|invalid end state).*/\1/p' "$top/out" |
		head -n 1)
	grep -q 'errors: 0$' "$top/out" && ! grep -q 'not completed' "$top/out" && said=fine
	return 0
}

for sizes in "-DACTORS=2 -DROUNDS=2 -DFUTEX" "-DACTORS=3 -DROUNDS=1 -DFUTEX" \
	     "-DACTORS=3 -DROUNDS=2"; do
	# shellcheck disable=SC2086 # words
	check $sizes
	is "$sizes: they exclude, in order, and nobody sleeps for ever" "$said" fine
done

# With the fault $1, and the definitions $3..., spin should find $2.
finds() {
	fault=$1
	what=$2
	shift 2
	check "$@" "-D$fault"
	is "$* with $fault: noticed" "$said" "$what"
}

for fault in WRITER_AS_READER TRY_DRAWS; do
	finds $fault "assertion violated" -DFUTEX -DACTORS=3 -DROUNDS=1
done
for fault in SLEEPS_UNSEEN WAKES_TOO_EARLY READER_CALLS_NOBODY RELEASE_CALLS_ONE; do
	finds $fault "invalid end state" -DFUTEX -DACTORS=3 -DROUNDS=1
done
for fault in TRY_DRAWS CALLS_TOO_EARLY ONE_BATON_LESS; do
	finds $fault "assertion violated" -DACTORS=3 -DROUNDS=2
done

finish
