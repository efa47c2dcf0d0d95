#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: what is missing, and skipped although a kernel of this release has it, and
# lock calls that are refused.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- skips that are not expected ----

# An installed copy, so that its list of expected skips can be replaced.
install_flat "$top/installed"
front_door=$top/installed/run_tests.sh
printf '%s\t%s\n' "no feature of old" "before 1.0" "no feature of tomorrow" "before 999.0" \
	"no such machine" "not pdp11" "no folder" "directory" "no privilege" "without CAP_NONE" \
	"no ofd locks here" "directory" "no posix locks here" "directory" \
	"no flock locks here" "directory" "one of two" "directory or before 999.0" \
	>"$top/installed/skips"

new_suite more_skips
program readers <<'END'
promise.posix.a ok
promise.posix.b skip no feature of tomorrow
promise.posix.c skip no such machine
promise.posix.d skip no privilege
promise.posix.e skip one of two
END
run
is "expected skips: the exit status is 0" $rc 0
has_not "expected skips are not reported" err 'more than'
program readers <<'END'
promise.posix.a ok
promise.posix.b skip no feature of old
promise.flock.b skip no feature of old
promise.posix.c skip never heard of
promise.posix.d skip no folder
END
run
is "more skips than expected: the exit status is 0" $rc 0
has "more skips than expected are counted" err \
	'^4 skips more than Linux [0-9.]* has: no feature of old (2);'
has "more skips than expected: the totals say so" err \
	'^5 results: all that ran as expected, more skips than expected$'
has "more skips than expected: each reason is named" err 'never heard of (1); no folder'

new_suite vanished
program readers <<'END'
promise.posix.a ok
promise.ofd.a skip no ofd locks here (EINVAL)
folklore.ofd.b skip no ofd locks here (EINVAL)
END
run
is "a kind that should be there: the exit status is 1" $rc 1
has "a kind that should be there: the summary names it" err '^ofd should be there$'
mkdir "$top/elsewhere"
run -d "$top/elsewhere"
is "a kind that this file system may lack: the exit status is 0" $rc 0
has_not "a kind that this file system may lack is not called missing" err 'should be there'
has "the answer names the kind, the file system and the errno" err \
	'^In short: ofd cannot be taken on [a-z0-9]* here (EINVAL)\.$'
program readers <<'END'
promise.posix.a skip no posix locks here (ENOLCK)
promise.flock.a skip no flock locks here (ENOLCK)
promise.futex.a ok
END
run -d "$top/elsewhere"
is "no file lock at all: the exit status is 4" $rc 4
has "no file lock at all: the answer names the kinds and the errno" err \
	'posix and flock cannot be taken on [a-z0-9]* here (ENOLCK)'
program readers <<'END'
promise.posix.a skip no file locks in this kernel
promise.ofd.a skip no file locks in this kernel
promise.eventfd.a ok
END
run
is "a kernel without file locks: the exit status is 4" $rc 4
has "a kernel without file locks: the answer says so" err \
	'posix and ofd cannot be taken in this kernel, which was built'
program readers <<'END'
promise.posix.a fail nobody holds the lock, yet posix refuses a try: ENOLCK (No locks available)
promise.ofd.a fail nobody holds the lock, yet ofd refuses a try: ENOLCK (No locks available)
promise.flock.a fail nobody holds the lock, yet flock refuses a release: EIO (Input/output error)
END
run
is "refused calls: the exit status is 1" $rc 1
has "refused calls: one line for all of them" err '^FAIL  *3 results: the lock is refused'
has "refused calls: the answer names calls and errnos" err \
	'^In short: posix and ofd refuse a try with ENOLCK, although nobody holds them; flock'
program readers <<'END'
promise.posix.a skip no posix locks that wait here (EOPNOTSUPP)
promise.flock.a skip no flock locks that wait here (EOPNOTSUPP)
promise.futex.a ok
END
run -d "$top/elsewhere"
is "only tests that wait, and no lock waits: the exit status is 0" $rc 0
has "only tests that wait, and no lock waits: the skips are said" err \
	'^skipped, 1: no posix locks that wait here (EOPNOTSUPP)$'
has "only tests that wait, and no lock waits: the answer says so" err \
	'^In short: posix and flock: a request that waits is refused here (EOPNOTSUPP)\.$'
has_not "only tests that wait: it does not say that there are no locks" err 'cannot be taken'
program readers <<'END'
promise.posix.a skip no posix locks that wait here (EOPNOTSUPP)
END
run -d "$top/elsewhere"
is "nothing but tests that wait: the exit status is 4" $rc 4
has "nothing but tests that wait: nothing ran" err '^1 result: nothing ran$'
rmdir "$top/elsewhere"

finish
