#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the suite where lock calls are refused: the real programs, under a seccomp filter, on
# a memfd. There every kind is offered, so that a refusal is a failure of each claim, and
# nothing may say that such a lock does not exclude. See fake/refuse.c.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

set -u
export LC_ALL=C
unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP CDPATH

here=$(cd -- "$(dirname -- "$0")/.." && pwd)
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
LOCKFAIR_EFFORT=10
export LOCKFAIR_PROGRAMS LOCKFAIR_EFFORT
refuse=$LOCKFAIR_PROGRAMS/selftest/fake/refuse
top=$(mktemp -d "${TMPDIR:-/tmp}/refusal.XXXXXX") || exit 1
trap 'rm -rf -- "$top"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# shellcheck source-path=SCRIPTDIR source=../tap
. "$here/tap"

if ! "$refuse" getlk=1 -- true >"$top/out" 2>&1; then
	skip "refused calls" "no seccomp here: $(sed -n 1p "$top/out")"
	finish
fi

number() {
	case $1 in
	EPERM)	echo 1 ;;
	EINTR)	echo 4 ;;
	EBADF)	echo 9 ;;
	EAGAIN)	echo 11 ;;
	EACCES)	echo 13 ;;
	EINVAL)	echo 22 ;;
	EDEADLK) echo 35 ;;
	ENOLCK)	echo 37 ;;
	ENOSYS)	echo 38 ;;
	EOVERFLOW) echo 75 ;;
	EOPNOTSUPP) echo 95 ;;
	esac
}

# Run the tests of exclusion with the calls $2... refused with $1.
run() {
	error=$1
	shift
	ran="refuse $* with $error"
	for call; do
		set -- "$@" "$call=$(number "$error")"
		shift
	done
	"$refuse" "$@" -- "$here/../run_tests.sh" -t 'exclusion:*' \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

# With the calls $4... refused with $1, every claim about kinds $2, a pattern, fails, and says that
# $3 is refused.
refused() {
	error=$1
	kinds=$2
	text=$3
	shift 3
	run "$error" "$@"
	is "$*, $error: exit status" $rc 1
	is "$*, $error: no claim about $kinds passes or is skipped" \
		"$(grep -Ec "^  ok .*\.($kinds)\." "$top/out")" 0
	is "$*, $error: no other claim fails" \
		"$(grep '^  not ok ' "$top/out" | grep -Evc "\.($kinds)\.")" 0
	has "$*, $error: each says which call, and the errno" out "yet [a-z]* refuses $text: $error "
	has_not "$*, $error: nothing says that it does not exclude" err 'not exclude'
	# It may be broken into lines.
	tr -s '\n ' ' ' <"$top/err" | grep -q "In short: .* refuses* $text with $error, although"
	tell $? "$*, $error: the answer names it"
}

for error in EPERM EINTR EBADF EAGAIN EACCES EINVAL EDEADLK ENOLCK ENOSYS EOVERFLOW EOPNOTSUPP; do
	refused "$error" "posix|ofd|lockf" "a try" setlk ofd_setlk
	refused "$error" "posix|ofd|lockf" "a request that may wait" setlkw ofd_setlkw
	refused "$error" flock "a try" flock_ex_nb
	refused "$error" flock "a request that may wait" flock_ex
done
refused EINVAL ofd "a try" ofd_setlk ofd_setlkw ofd_getlk
refused ENOLCK flock "a release" flock_un

finish
