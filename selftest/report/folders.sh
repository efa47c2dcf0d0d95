#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: -o, the folder for results; -d, the folder for lock files; and an ordinary
# user.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

healthy_suite

# ---- -o ----

run -o "$top/kept/here"
is "-o: the exit status is 0" $rc 0
cmp -s "$top/out" "$top/kept/here/results.ktap"
result $? "-o: results.ktap has the same as stdout"
cmp -s "$top/err" "$top/kept/here/summary.txt"
result $? "-o: summary.txt has the same as stderr"
is "-o: keeps a file for each program" "$(cd "$top/kept/here" && echo *)" \
	"alternation.tap barging.tap exclusion.tap queue_order.tap results.ktap results.tsv \
summary.txt"
is "-o: the TAP of a program is unchanged" "$(head -n 3 "$top/kept/here/barging.tap" | tail -n 1)" \
	"#  RUN           folklore.posix.a_queued_waiter_beats_the_releaser ..."
(cd "$top" && LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -o relative -n 2 \
	-t 'barging:*.ofd.*' >/dev/null 2>&1)
is "-o: takes a relative name, and keeps each round of -n" "$(cd "$top/relative" && echo *)" \
	"barging.2.tap barging.tap results.ktap results.tsv summary.txt"
if have prove; then
	prove -e cat "$top"/kept/here/*.tap >"$top/prove" 2>&1
	result $? "prove reads the raw TAP" "$(cat "$top/prove")"
else
	skip "prove reads the raw TAP" "no prove (perl)"
fi

# ---- -d ----

new_suite directory
echo "promise.ofd.a_file_in_the_directory files" | program aliasing
run -d "$top/locks"
is "-d: the exit status is 0" $rc 0
has "-d: the program gets the directory" out \
	"^  # directory .*/locks/lockfair\.[A-Za-z0-9]*\.locks$"
has "-d: the header names the file system" out '^# lock files: [a-z0-9/]*$'
has_not "-d: the header does not name the default" out 'memfd'
well_formed "-d"
clean_after "-d"
run -d "$TMPDIR"
is "-d: the directory of temporary files: the exit status is 0" $rc 0
clean_after "-d: the directory of temporary files"
run
has "no -d: the program gets no directory" out '^  # directory none$'
(cd "$top" && LOCKFAIR_PROGRAMS=$programs $SH "$front_door" --directory=locks) >"$top/out" 2>&1
has "-d: a relative name becomes absolute" out "^  # directory /.*/locks/"
if [ -d /proc/self/fd ] && run -d /proc/self/task && [ $rc = 2 ]; then
	has "-d: a directory that cannot be written to is refused" err 'not writable: '
else
	skip "-d: a directory that cannot be written to is refused" "no procfs"
fi
[ -d /dev/shm ] && [ -w /dev/shm ] && run -d /dev/shm
has "-d: the header names a tmpfs" out '^# lock files: tmpfs$'
if unshare -m true 2>/dev/null; then
	mkdir -p "$top/a b"
	cat >"$top/mounted.sh" <<-END
	mount -t tmpfs -o size=1m none "$top/a b" || exit 99
	mkdir "$top/a b/in side" || exit 99
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -d "$top/a b/in side" 2>/dev/null ||
		exit 98
	mount -o remount,ro none "$top/a b" || exit 99
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -d "$top/a b/in side"
	END
	ran="on a mount"
	unshare -m sh "$top/mounted.sh" >"$top/out" 2>"$top/err"
	rc=$?
	has "-d: a mount may have a blank in its name" out '^# lock files: tmpfs$'
	is "-d: a read-only mount: the exit status is 2" $rc 2
	has "-d: the message names a read-only file system" err \
		'^run_tests.sh: .*Read-only file system$'
	is "-d: a read-only mount: prints no KTAP" "$(grep -c '^KTAP' "$top/out")" 1
	rmdir "$top/a b"
else
	skip "-d: a read-only mount, and one with a blank in its name" "needs a mount namespace"
fi

# ---- an ordinary user ----

programs=$top/healthy
# Only where another user can read the tree.
if [ "$(id -u)" = 0 ] && have setpriv && setpriv --reuid 65534 test -r "$front_door" 2>/dev/null
then
	mkdir "$top/closed"
	chmod 755 "$top/closed" "$top"
	chmod 1777 "$top/tmp"
	ordinary="setpriv --reuid 65534 --clear-groups --bounding-set -all"
	# shellcheck disable=SC2086 # words
	LOCKFAIR_PROGRAMS=$programs $ordinary $SH "$front_door" -d "$top/closed" \
		>"$top/out" 2>"$top/err"
	rc=$?
	is "-d: not writable for an ordinary user: the exit status is 2" $rc 2
	has "-d: the message says that permission is denied" err 'not writable: Permission denied$'
	# shellcheck disable=SC2086 # words
	LOCKFAIR_PROGRAMS=$programs $ordinary $SH "$front_door" >"$top/out" 2>"$top/err"
	rc=$?
	is "an ordinary user runs it" $rc 0
	has "an ordinary user has no capability" out '^# user: uid 65534, without CAP_SYS_NICE$'
else
	skip "an ordinary user" "needs root, setpriv, and a path that anybody may enter"
fi

finish
