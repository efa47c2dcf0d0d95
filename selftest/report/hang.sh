#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh in a directory (-d) whose file system hangs or goes away: a FUSE daemon that
# is stopped or killed before the run, while run_tests.sh asks what locks there are, in a test, and
# before the clean-up. Each time it reports that and what is left behind, and exits with 5.

# The mounts go with a mount namespace of this script's own.
if [ -z "${HANG_INSIDE-}" ] && unshare -m true 2>/dev/null; then
	HANG_INSIDE=1 exec unshare -m "$0" "$@"
fi

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

mkdir "$top/source" "$top/mount"
daemon=

mount_fuse() {
	bindfs -f --multithreaded "$top/source" "$top/mount" >"$top/fuse" 2>&1 &
	daemon=$!
	tries=50
	until grep -q " $top/mount " /proc/self/mountinfo; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] && kill -0 "$daemon" 2>/dev/null || return 1
		sleep 0.1
	done
}

unmount_fuse() {
	kill -CONT "$daemon" 2>/dev/null
	umount -l "$top/mount" 2>/dev/null
	kill "$daemon" 2>/dev/null
	wait "$daemon" 2>/dev/null
	rm -rf -- "$top/source"
	mkdir "$top/source"
}

if [ -z "${HANG_INSIDE-}" ] || ! have bindfs || ! mount_fuse; then
	[ -z "$daemon" ] || unmount_fuse
	skip "a file system that hangs" "no bindfs can be mounted here"
	finish
fi
unmount_fuse

# ---- a suite that sends its signal to the daemon ----

# Send SIGNAL, and wait until no thread of the daemon runs: it might still answer one request.
cat >"$top/bin/stop_daemon" <<'END'
#!/bin/sh
runs() {
	for task in /proc/"$DAEMON"/task/*/status; do
		[ ! -e "$task" ] || grep -q '^State:.*[TZX]' "$task" || return 0
	done
	return 1
}
kill -s "$SIGNAL" "$DAEMON"
while runs 2>/dev/null; do
	sleep 0.1
done
END
chmod +x "$top/bin/stop_daemon"
export PATH="$top/bin:$PATH"

new_suite hanging_medium
printf '%s\n' first second third >"$programs/programs"
cat >"$programs/second" <<'END'
#!/bin/sh
name=${0##*/}
[ "$1" != -l ] || { echo "$name:practice.posix.a"; exit 0; }
echo "TAP version 13"
echo "1..1"
if [ "$WHEN.$name" = test.second ]; then
	stop_daemon
	: >"$LOCKFAIR_DIR/new" || { echo "not ok 1 practice.posix.a"; exit 1; }
fi
echo "ok 1 practice.posix.a"
[ "$WHEN.$name" != clean-up.third ] || stop_daemon
END
cat >"$programs/preflight" <<'END'
#!/bin/sh
[ "$WHEN" = preflight ] || exit 0
stop_daemon
: >"$LOCKFAIR_DIR/new"
END
chmod +x "$programs/second" "$programs/preflight"
cp "$programs/second" "$programs/first"
cp "$programs/second" "$programs/third"
export WHEN SIGNAL DAEMON LOCKFAIR_DEADLINE
LOCKFAIR_DEADLINE=1
limit=2

# The daemon gets signal $2 at the time $1. run_tests.sh says $3; $4 programs have run.
hang() {
	WHEN=$1
	SIGNAL=$2
	what="SIG$2, $1"
	mount_fuse || { result 1 "$what: the mount"; return; }
	DAEMON=$daemon
	[ "$1" != before ] || stop_daemon
	run -d "$top/mount"
	is "$what: the exit status is 5" $rc 5
	has "$what: says what is wrong" err "^run_tests.sh: .*$top/mount $3"
	is "$what: this many programs were run" "$(grep -c '^ok' "$top/out")" "$4"
	[ "$1" = before ] || well_formed "$what"
	# No signal ends a process whose request the daemon has read already: it must be named.
	unnamed=
	for at in $(alive); do
		at=${at#/proc/}
		at=${at%/environ}
		grep -q "left behind: process $at (.*), in state" "$top/err" ||
			unnamed="$unnamed $at"
	done
	is "$what: a process that is left is named" "$unnamed" ""
	unmount_fuse
	settle
	is "$what: nothing is left without the mount" "$(cd "$top/tmp" && ls -A; alive)" ""
}

silent='does not answer within 2 s'
gone='is gone: Transport endpoint is not connected'
hang before STOP "$silent" 0
hang before KILL "$gone" 0
hang preflight STOP "$silent" 0
hang preflight KILL "$gone" 0
hang test STOP "$silent" 1
hang test KILL "$gone" 1
hang clean-up STOP "$silent; left behind: $top/mount/lockfair" 3
hang clean-up KILL "$gone; left behind: $top/mount/lockfair" 3

mount_fuse
WHEN=never
run -d "$top/mount"
is "a daemon that works: the exit status is 0" $rc 0
is "a daemon that works: nothing is left" "$(ls -A "$top/source")" ""
unmount_fuse

finish
