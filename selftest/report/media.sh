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
# Programs that open, rename or remove files themselves, or become another user (grant).
for name in access names regressions_files reference lease model grant; do
	run env LOCKFAIR_FILES=named LOCKFAIR_DIR="$top/locks" \
		"$LOCKFAIR_PROGRAMS/tests/$name" -t '*.posix.*' -t '*.flock.*'
	is "named files: $name: exit status" $rc 0
	is "named files: $name leaves none" "$(ls -A "$top/locks")" ""
done
# In this directory an actor may make a file when the test is over: run_tests.sh removes the folder.
run env LOCKFAIR_FILES=named "$here/../run_tests.sh" -d "$top/locks" -t 'lock_file:*'
is "named files: lock_file: exit status" $rc 0
has_not "named files: lock_file: nothing is skipped" err 'skip'
is "named files: lock_file: nothing is left" "$(ls -A "$top/locks")" ""

# ---- flock() that is made of fcntl locks, on a file system that is not known for its own ----

library=$top/preload.so
mkdir "$top/mount"
cat >"$top/on_hugetlbfs" <<'END'
#!/bin/sh
# on_hugetlbfs DIR COMMAND...: in a mount namespace that goes with the command
mount -t hugetlbfs none "$1" && shift && exec "$@"
END
chmod +x "$top/on_hugetlbfs"

# Waiters sleep in another call than flock(2) here, so no test that waits can run.
emulated() {
	run unshare -m "$top/on_hugetlbfs" "$top/mount" env LOCKFAIR_DEADLINE=1 \
		LD_PRELOAD="$library" REFUSE_IF=emulated REFUSE_ERRNO=0 \
		"$here/../run_tests.sh" -d "$top/mount" "$@"
}

if ${CC:-cc} -shared -fPIC -o "$library" "$here/fake/preload.c" -ldl 2>"$top/err" &&
   unshare -m "$top/on_hugetlbfs" "$top/mount" true 2>/dev/null; then
	emulated -t 'remote_flock:*' -t 'independence:*.flock.*' -t 'access:promise.flock.*'
	has "an emulated flock: the header says it" out \
		'^# flock and fcntl locks: one lock; flock needs'
	has "an emulated flock: it excludes fcntl locks" out \
		'^  ok [0-9]* promise.flock.an_emulated_flock_and_an_fcntl_lock_exclude_each_other$'
	has "an emulated flock: it needs a descriptor for writing" out \
		'^  ok [0-9]* promise.flock.an_emulated_exclusive_flock_needs_a_descriptor_for_w'
	has "an emulated flock: it needs a descriptor for reading" out \
		'^  ok [0-9]* practice.flock.an_emulated_shared_flock_needs_a_descriptor_for_re'
	has "an emulated flock: an upgrade that is refused keeps it" out \
		'^  ok [0-9]* practice.flock.an_emulated_shared_flock_outlives_a_refused_upgrade$'
	result "$(grep -q '# SKIP flock is emulated by fcntl locks here' "$top/out"; echo $?)" \
		"an emulated flock: the claims about a local one are skipped"
	is "an emulated flock: nothing fails" "$(grep -c '^  not ok' "$top/out")" 0
	LOCKFAIR_FLOCK=fcntl "$LOCKFAIR_PROGRAMS/tests/remote_flock" >"$top/out" 2>&1
	is "what is measured is not believed of a memfd" \
		"$(grep -c 'SKIP flock is a lock of its own here' "$top/out")" 4
	run unshare -m "$top/on_hugetlbfs" "$top/mount" env LOCKFAIR_FLOCK=fcntl \
		LOCKFAIR_DIR="$top/mount" "$LOCKFAIR_PROGRAMS/tests/remote_flock"
	is "a local flock fails the claims about an emulated one" \
		"$(grep -c '^not ok' "$top/out") $(grep -c 'only of NFS' "$top/out")" "2 2"
else
	skip "an emulated flock" "needs a mount namespace, and a library before these programs"
fi

finish
