#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the suite where lock calls are refused: the real programs, on a memfd, where every kind
# is offered, so that a refusal is a fault. A seccomp filter refuses calls always (fake/refuse.c), a
# library under a condition (fake/preload.c). The suite must say once what is refused and with which
# errno, must not judge what it cannot see, and must never report that a lock does not exclude
# unless two processes have held it at the same time.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
LOCKFAIR_EFFORT=10
export LOCKFAIR_PROGRAMS LOCKFAIR_EFFORT
refuse=$LOCKFAIR_PROGRAMS/selftest/fake/refuse

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
	ENOMEM)	echo 12 ;;
	EOVERFLOW) echo 75 ;;
	EOPNOTSUPP) echo 95 ;;
	esac
}

# Run tests of the suite under the command $@.
run() {
	ran="$*"
	"$@" "$here/../run_tests.sh" -t 'exclusion:*' -t 'grant:*' \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
	# The answer may be broken into lines.
	tr -s '\n ' ' ' <"$top/err" >"$top/answer"
}

# The calls $2... are refused with the errno $1.
refuse() {
	error=$1
	shift
	for call; do
		set -- "$@" "$call=$(number "$error")"
		shift
	done
	run "$refuse" "$@" --
}

# The results in state $1, an awk pattern, of kinds $2, of the tests $3.
count() {
	awk -v state="$1" -v kinds="$2" -v file="$3" '
		/^  # Subtest: / { now = $3 }
		/^  (not )?ok [0-9]/ {
			id = $0
			sub(/^  (not )?ok [0-9]+ /, "", id)
			split(id, part, ".")
			is = /# SKIP/ ? "skip" : /^  not/ ? "fail" : "pass"
			if (is ~ state && part[2] ~ "^(" kinds ")$" && now ~ file)
				n++
		}
		END { print n + 0 }' "$top/out"
}

# The kinds that are not among $1.
none_of() {
	case $1 in
	'posix|ofd|lockf') printf 'flock|eventfd|futex' ;;
	flock)	printf 'posix|ofd|lockf|eventfd|futex' ;;
	ofd)	printf 'posix|flock|lockf|eventfd|futex' ;;
	*)	printf 'eventfd|futex' ;;
	esac
}

# Check what is true of every refusal. $1 names it; its errno is $2, and $3 are the kinds.
is_reported() {
	is "$1: the exit status" $rc 1
	has "$1: the header names it" out "^# [a-z]*: \(.*; \)*$2 for "
	has "$1: the answer says it" answer "In short: .*refused [a-z (]*$2"
	has_not "$1: nothing says that it does not exclude" err 'not exclude\|held it at the same'
	is "$1: other kinds are judged as ever" "$(count 'fail|skip' "$(none_of "$3")" .)" 0
	is "$1: one test program judges it" "$(count fail "$3" '^exclusion')" 0
	result "$([ "$(count fail "$3" '^grant')" -gt 0 ]; echo $?)" "$1: that one fails"
}

for error in EPERM EINTR EBADF EAGAIN EACCES EINVAL EDEADLK ENOLCK ENOSYS EOVERFLOW EOPNOTSUPP; do
	refuse "$error" setlk ofd_setlk
	is_reported "tries of fcntl() and lockf(), $error" "$error" 'posix|ofd|lockf'
	is "tries, $error: the rest is skipped" "$(count pass 'posix|ofd|lockf' '^exclusion')" 0

	refuse "$error" setlkw ofd_setlkw
	is_reported "requests that wait, $error" "$error" 'posix|ofd|lockf'
	has "requests that wait, $error: a try works" answer "a request that waits is refused here \
.$error., also where nobody holds the lock; a try works"
	is "requests that wait, $error: what can be judged by tries is" \
		"$(count pass 'posix|ofd|lockf' '^exclusion')" 12
	is "requests that wait, $error: two claims fail for each kind" \
		"$(count fail 'posix|ofd|lockf' .)" 6

	refuse "$error" flock_ex flock_ex_nb flock_sh flock_sh_nb
	is_reported "flock, $error" "$error" flock
	case $error in
	EACCES|EPERM) has "flock, $error: as a security module does" answer \
		"flock is refused with $error although nobody holds it, as a security module" ;;
	*)	has "flock, $error: although nobody holds it" answer \
		"flock is refused with $error although nobody holds it[.;]" ;;
	esac

	refuse "$error" flock_ex
	is_reported "requests of flock that wait, $error" "$error" flock

	refuse "$error" flock_sh
	is "shared requests that wait, $error: the exit status" $rc 1
	has "shared requests that wait, $error: the answer says which" answer \
		"flock: a request of a shared lock that waits is refused here .$error."
	is "shared requests that wait, $error: one claim that needs them is skipped" \
		"$(count skip flock .)" 1

	refuse "$error" flock_un
	is_reported "releases by flock, $error" "$error" flock

	refuse "$error" ofd_setlk ofd_setlkw ofd_getlk
	is_reported "ofd, $error" "$error" ofd

	refuse "$error" getlk
	is "queries, $error: the exit status" $rc 1
	has "queries, $error: the header names it" out "^# posix: $error for a query$"
	has "queries, $error: the answer says it" answer "posix: a query is refused here .$error."
	is "queries, $error: one claim fails" "$(count fail ".*" .)" 1
	is "queries, $error: everything else is judged" "$(count skip ".*" .)" 0
done

every_call="setlk setlkw getlk ofd_setlk ofd_setlkw ofd_getlk
	flock_ex flock_ex_nb flock_sh flock_sh_nb"
for error in ENOLCK ENOSYS EOPNOTSUPP; do
	# shellcheck disable=SC2086 # words
	refuse "$error" $every_call
	is "every call, $error: the exit status" $rc 4
	has "every call, $error: the answer says it" answer \
		"In short: posix, ofd, flock and lockf cannot be taken on .* here .$error."
	is "every call, $error: all is skipped" "$(count 'pass|fail' 'posix|ofd|flock|lockf' .)" 0
	has_not "every call, $error: not all is as expected" err ': all as expected'
done
refuse EACCES setlk setlkw ofd_setlk ofd_setlkw flock_ex flock_ex_nb flock_sh flock_sh_nb
is "every call, EACCES: the exit status" $rc 1
has "every call, EACCES: the answer says it" answer \
	"posix, ofd, flock and lockf are refused with EACCES although nobody holds them, as a"

"$refuse" getlk=37 -- "$here/../run_tests.sh" -t 'exclusion:*.posix.*' \
	>"$top/out" 2>"$top/err" </dev/null
is "a fault that no chosen test meets: the exit status" $? 1
has "a fault that no chosen test meets: not all is as expected" err \
	'^8 results: all that ran as expected$'
has "a fault that no chosen test meets: it is listed" err '^FAIL  *posix: see below$'

run "$refuse" setlk=0 setlkw=0 ofd_setlk=0 ofd_setlkw=0 \
	flock_ex=0 flock_ex_nb=0 flock_sh=0 flock_sh_nb=0 --
is "every call does nothing: the exit status" $rc 1
has "every call does nothing: the answer begins with it" answer \
	"In short: posix, ofd, flock and lockf do not exclude: two processes held it at the same"
is "every call does nothing: exclusion is judged" \
	"$(count fail 'posix|ofd|flock|lockf' '^exclusion')" 20
is "every call does nothing: the rest is skipped" \
	"$(count 'pass|fail' 'posix|ofd|flock|lockf' '^grant')" 0

# A program that is run alone has no preflight: each of its claims fails.
"$refuse" setlk=37 -- "$LOCKFAIR_PROGRAMS/tests/exclusion" -t '*.posix.*' >"$top/out" 2>&1
is "a program alone: exit status" $? 1
is "a program alone: each claim fails" "$(grep -c '^not ok' "$top/out")" 8
has "a program alone: each says which call, and the errno" out \
	'nobody holds the lock, yet posix refuses a try: ENOLCK '

library=$top/preload.so
if ! ${CC:-cc} -shared -fPIC -o "$library" "$here/fake/preload.c" -ldl 2>"$top/err" ||
   ! LD_PRELOAD=$library REFUSE_IF=none REFUSE_ERRNO=1 \
	"$LOCKFAIR_PROGRAMS/preflight/preflight" >"$top/out" 2>"$top/err" || [ -s "$top/err" ] ||
   LD_PRELOAD=$library REFUSE_IF=second REFUSE_ERRNO=37 \
	"$LOCKFAIR_PROGRAMS/preflight/preflight" 2>&1 | grep -q '^posix.ok'; then
	skip "refusals under a condition" "no library can be put before these programs"
	finish
fi

# In the programs, when $1, calls are refused with $2; the answer is $3.
refused_when() {
	run env LD_PRELOAD="$library" REFUSE_IF="$1" REFUSE_ERRNO="$(number "$2")"
	is "$1, $2: the exit status" $rc 1
	has "$1, $2: the header names it" out "^# posix: $2 for "
	has "$1, $2: the answer says it" answer "$3"
	has_not "$1, $2: nothing says that it does not exclude" err 'not exclude\|held it at'
	is "$1, $2: the controls are judged as ever" "$(count 'fail|skip' 'eventfd|futex' .)" 0
	is "$1, $2: one test program judges it" "$(count fail '.*' '^exclusion')" 0
	result "$([ "$(count fail posix '^grant')" -gt 0 ]; echo $?)" "$1, $2: that one fails"
}

for error in ENOLCK EACCES EAGAIN EDEADLK EINTR ENOMEM; do
	refused_when second "$error" "posix, ofd and lockf: a second lock is refused here .$error."
	refused_when waits "$error" \
		"posix, ofd, flock and lockf: a request that has to wait is refused here .$error."
done
# POSIX allows EACCES for a conflict, but on a memfd of Linux it is EAGAIN: two claims say so.
run env LD_PRELOAD="$library" REFUSE_IF=conflict REFUSE_ERRNO="$(number EACCES)"
is "a conflict is EACCES: the exit status" $rc 0
is "a conflict is EACCES: nothing is skipped" "$(count skip '.*' .)" 0
is "a conflict is EACCES: nothing fails" "$(count fail '.*' .)" 0
has "a conflict is EACCES: the header names it" out '^# .*a conflict is EACCES'
has_not "a conflict is EACCES: it is no refusal" err 'refused'
LD_PRELOAD=$library REFUSE_IF=conflict REFUSE_ERRNO=13 "$here/../run_tests.sh" \
	-t '*:*a_conflict_is_eagain*' >"$top/out" 2>"$top/err" </dev/null
is "a conflict is EACCES on a memfd: the exit status" $? 1
is "a conflict is EACCES on a memfd: which claims fail" \
	"$(sed -n 's/^  not ok [0-9]* //p' "$top/out" | sort | tr '\n' ' ')" \
	"practice.lockf.a_conflict_is_eagain_and_not_eacces \
practice.posix.a_conflict_is_eagain_and_not_eacces \
promise.flock.a_conflict_is_eagain_or_eacces promise.ofd.a_conflict_is_eagain_or_eacces "
run env LD_PRELOAD="$library" REFUSE_IF=conflict REFUSE_ERRNO="$(number ENOLCK)"
is "a conflict is ENOLCK: the exit status" $rc 1
has "a conflict is ENOLCK: the answer says it" answer \
	"a try for a held lock is refused with ENOLCK, not with EAGAIN"
if [ "$(id -u)" = 0 ]; then
	refused_when user EACCES "a try of another user than root is refused here .EACCES."
else
	skip "refused to another user" "only root can become one"
fi

finish
