#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the suite where /proc is kept from it, in part or as a whole: the real programs on a
# memfd. Files of /proc are refused by a library (fake/hide.c) or covered by mounts. The suite must
# name the evidence that is left, judge only the claims for which that is enough, skip the rest, and
# never mistake what it cannot see for what a lock does.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
LOCKFAIR_EFFORT=10
export LOCKFAIR_PROGRAMS LOCKFAIR_EFFORT

# Run tests of the suite under the command $@.
run() {
	ran="$*"
	"$@" "$here/../run_tests.sh" -t 'exclusion:*' -t 'grant:*.flock.*' -t 'barging:*.flock.*' \
		-t 'cancel:*.posix.killing*' -t 'listing:*.ofd.*' \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

# How many results are skipped with a reason that matches $1.
skipped() {
	grep -c "^  ok .*# SKIP ${1-}" "$top/out"
}

all_is_judged() {
	is "$1: exit status" $rc 0
	is "$1: nothing more is skipped" "$(skipped)" "$usual"
	has "$1: the barging of flock is seen" out '^  ok .*folklore.flock.a_queued_waiter.*# XFAIL'
}

by_state_alone() {
	has "$1: the evidence is named" out '^# evidence of waiting: state alone'
	all_is_judged "$1"
}

without_evidence() {
	is "$1: exit status" $rc 0
	has "$1: that there is no evidence is named" out '^# evidence of waiting: none'
	has_not "$1: nothing fails" out '^  not ok'
	has "$1: what must wait is skipped" out \
		'^  ok .*killing_the_holder.*# SKIP /proc does not show whether a task sleeps'
	has "$1: it is more than is skipped elsewhere" err \
		'skips more than .*: /proc does not show whether a task sleeps'
	has "$1: what needs no waiter is judged" out \
		'^  ok [0-9]* promise.posix.readers_hold_it_together$'
	has_not "$1: nothing is said of what a waiter does" err 'neither returns'
}

run env
has "nothing is hidden: the evidence is named" out '^# evidence of waiting: /proc/PID/syscall and'
if ! grep -q '^# evidence of waiting: /proc/PID/syscall' "$top/out"; then
	skip "files of /proc that are hidden" "this machine hides some itself"
	finish
fi
# An ordinary user lacks privileges.
usual=$(skipped 'needs ')
all_is_judged "nothing is hidden"

# ---- files that are refused, or empty ----

library=$top/hide.so
if ${CC:-cc} -shared -fPIC -o "$library" "$here/fake/hide.c" -ldl 2>"$top/err" &&
   LD_PRELOAD=$library HIDE=open:status:1 "$LOCKFAIR_PROGRAMS/preflight/preflight" 2>&1 |
	grep -q '^evidence.unseen'; then
	for hidden in open:syscall:1 open:syscall:2 open:syscall:13 open:syscall:38 \
		read:syscall:1 read:syscall:5 read:syscall:13 read:syscall:22 read:syscall:38; do
		run env LD_PRELOAD="$library" HIDE=$hidden
		by_state_alone "$hidden"
	done
	for hidden in open:status:1 open:status:2 open:status:13 read:status:1 read:status:5 \
		read:status:0 'open:syscall:1 open:status:1' 'read:syscall:38 read:status:38'; do
		run env LD_PRELOAD="$library" HIDE="$hidden"
		without_evidence "$hidden"
	done
	# A lack of descriptors does not hide anything of /proc.
	run env LD_PRELOAD="$library" HIDE=open:status:24
	is "open:status:24: exit status" $rc 1
	has "open:status:24: a shortage is a broken set-up" err '^BROKE '
else
	skip "files of /proc that are refused" "no library can be put before these programs"
fi

# ---- mounts ----

cat >"$top/cover" <<'END'
#!/bin/sh
# cover FILE COMMAND...: with FILE over /proc/locks, in a mount namespace of the command
mount --bind "$1" /proc/locks && shift && exec "$@"
END
cat >"$top/without_proc" <<'END'
#!/bin/sh
# without_proc COMMAND...: with an empty /proc
mount -t tmpfs none /proc && exec "$@"
END
chmod +x "$top/cover" "$top/without_proc"
if unshare -m "$top/cover" /dev/null true 2>"$top/err"; then
	run unshare -m "$top/cover" /dev/null
	is "/proc/locks is covered: exit status" $rc 0
	has_not "/proc/locks is covered: nothing fails" out '^  not ok'
	is "/proc/locks is covered: what reads it is skipped" \
		"$(skipped '/proc/locks is hidden here')" \
		"$(grep -c -e '^  ok .*list' -e '^  ok .*number' "$top/out")"
	is "/proc/locks is covered: nothing else is" "$(skipped)" \
		"$((usual + $(skipped '/proc/locks')))"
	has_not "/proc/locks is covered: no lock is called unlisted" out 'in /proc/locks: .*no'

	run unshare -m "$top/without_proc"
	is "no /proc: exit status" $rc 2
	has "no /proc: that is said" err 'no test can run without /proc'
else
	skip "/proc with something mounted over it" "$(sed -n 1p "$top/err")"
fi

finish
