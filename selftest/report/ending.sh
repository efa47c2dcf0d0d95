#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: time limits, signals and closed pipes end a run, and nothing stays behind.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

hanging_suites
healthy_suite

signals() {
	programs=$top/hanging
	signalled "$1: SIGTERM" "" TERM 143
	# No shell can trap a signal that was ignored when it started, as by nohup(1) (POSIX, trap).
	if grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status; then
		skip "$1: SIGHUP" "it is ignored here"
	else
		signalled "$1: SIGHUP" "" HUP 129
	fi
	if timeout --preserve-status --foreground -s INT 0.1 true 2>/dev/null; then
		signalled "$1: SIGINT" "timeout --preserve-status --foreground -s INT 0.4" INT 130
		signalled "$1: SIGINT to the group" "timeout --preserve-status -s INT 0.4" INT 130
	else
		skip "$1: SIGINT" "this timeout has no --preserve-status"
	fi
	programs=$top/deaf
	signalled "$1: SIGTERM, and a test that ignores it" "" TERM 143
}

hang_limits "$SH"
signals "$SH"
closed_pipe "$SH" 1 3 20
programs=$top/deaf
cat >"$top/bin/timeout" <<'END'
#!/bin/sh
# Wait half a second, not five, until SIGKILL.
[ "$1 $2" != "-k 5" ] || { shift 2; set -- -k 0.5 "$@"; }
END
echo "exec $(command -v timeout) \"\$@\"" >>"$top/bin/timeout"
chmod +x "$top/bin/timeout"
PATH=$top/bin:$PATH
if timeout -k 0.5 1 true 2>/dev/null; then
	limit=1
	run
	limit=60
	is "a hung test that ignores SIGTERM: the exit status is 1" $rc 1
	well_formed "a hung test that ignores SIGTERM"
	has "a hung test that ignores SIGTERM: the diagnostic names the time limit" out \
		'^  # no result: the time limit of 1 s ended it$'
	has "a hung test that ignores SIGTERM: the tests after it are not ok" out \
		'^  not ok 3 practice.posix.c$'
	clean_after "a hung test that ignores SIGTERM"
else
	skip "a hung test that ignores SIGTERM" "this timeout knows only whole seconds"
fi
PATH=$real_path

finish
