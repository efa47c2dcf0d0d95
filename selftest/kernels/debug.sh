#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of kernels/check_debug without a kernel: what it takes for a complaint, to which test it
# ascribes it, and what it reports.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

kernels=$here/../kernels
# shellcheck source=report/kernel_log
. "$here/../report/kernel_log"

# ---- complaints ----

# A kernel of 100 ticks a second, whose clock began 300 s before it overflows 32 bits.
cat >"$top/log" <<'END'
[    0.000000] Linux version 7.3.4
[    1.000000] WARNING: kernel/at_boot.c:1 at at_boot+0x1/0x2, CPU#0: swapper/1
[    2.000000] lockfair: begins
[   10.000000] lockfair: race:promise.posix.one
[   10.100000] BUG: KASAN: slab-use-after-free in posix_lock_inode+0x12/0x30
[   10.200000] BUG: KASAN: slab-use-after-free in posix_lock_inode+0x45/0x67
[   20.000000] lockfair: race:promise.flock.two
[   20.100000] WARNING: fs/locks.c:1200 at flock_lock_inode+0x1/0x2, CPU#1: race/123
[   20.200000] INFO: task race:123 blocked for more than 120 seconds.
[   20.300000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [race:1]
[   20.400000] Leaked POSIX lock on dev=0x0:0x1 ino=0x5 fl_flags=0x1
[   20.500000] BUG: KCSAN: data-race in a_timer / a_tick
[   20.600000] EXT4-fs: mounted
END
cat >"$top/leaks" <<'END'
unreferenced object 0xffff888003a2b000 (size 192):
  comm "race", pid 123, jiffies 4294938401
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
  backtrace (crc 12345678):
    kmem_cache_alloc_noprof+0x1/0x2
    locks_alloc_lock+0x1/0x2
    posix_lock_inode+0x1/0x2
    fcntl_setlk+0x1/0x2
unreferenced object 0xffff888003a2b100 (size 32):
  comm "swapper/0", pid 1, jiffies 4294937350
  backtrace (crc 12345678):
    kmalloc_noprof+0x1/0x2
    at_boot+0x1/0x2
END
printf '# a comment\n\nkasan\tdata-race in a_timer / a_tick$\tthe timer is not ours\n' >"$top/known"

complaints() {
	since_the_suite_began "$top/log" |
		L_COMPLAINT="$complaint|$debug_complaint" L_PATIENT="$slow_machine" \
		awk -v kernel="$1" -v run=races -v known="$top/known" -v leaks="$top/leaks" \
			-v began=2 -v hz=100 -f "$kernels/complaints.awk" >"$top/out"
}

complaints kasan
is "a complaint and its test" "$(sed -n '1s/	/|/gp' "$top/out")" \
	"kasan|races|race:promise.posix.one|BUG: KASAN: slab-use-after-free in posix_lock_inode|"
is "the same elsewhere in the function has the same text" "$(sed -n 2p "$top/out")" \
	"$(sed -n 1p "$top/out")"
has "a warning, without its task" out \
	'	race:promise.flock.two	WARNING: fs/locks.c:1200 at flock_lock_inode	$'
has "a task that nothing wakes" out '	INFO: task race blocked for more than 120 seconds.	$'
has "a lock that is left when its file is freed" out '	Leaked POSIX lock on dev='
has_not "a slow machine is no complaint" out 'soft lockup'
has_not "what the kernel said at boot is not the suite's" out at_boot
has_not "other messages are no complaints" out EXT4
has "a known complaint has its reason" out \
	'	BUG: KCSAN: data-race in a_timer / a_tick	the timer is not ours$'
has "a leak: who has allocated it where, in the test of that time" out \
	'	race:promise.posix.one	leak: 192 bytes of race, allocated by posix_lock_inode	$'
complaints rt
has "what is known of one kernel is not known of another" out 'data-race in a_timer / a_tick	$'

# ---- the report ----

complaints kasan
cp "$top/out" "$top/complaints"
printf 'race:promise.posix.one\thold\nrace:promise.flock.two\tfail\tlost\n' >"$top/results"
: >"$top/none"

report() {
	awk -v complaints="$1" -f "$kernels/check_debug.awk" "$top/runs" >"$top/out"
}

printf 'kasan\traces\t1\t9\tfinished\t%s\n' "$top/results" >"$top/runs"
report "$top/complaints"
has "a run: results, unexpected, complaints, leaks, known, seconds" out \
	'^kasan  *races  *2  *1  *5  *1  *1  *9$'
has "a complaint that came twice is printed once" out 'in posix_lock_inode (2 times)$'
has "an unexpected result is printed" out 'kasan, races: race:promise.flock.two: fail lost'
has "what is known is printed, too" out 'the timer is not ours'
has "the last line says how much there is" out \
	'^check-debug: 6 complaints, 1 unexpected results, 0 unfinished guests$'

printf 'race:promise.posix.one\thold\n' >"$top/results"
report "$top/none"
is "nothing to report" "$(tail -n 1 "$top/out")" "check-debug: nothing to report of 1 runs"

printf 'rt\tsuite\t1\t9\t\t%s\n' "$top/results" >"$top/runs"
report "$top/none"
has "a guest that died is something to report" out '0 unexpected results, 1 unfinished guests$'

printf 'rt\tsoak\t1\t9\tfinished\t%s\n' "$top/none" >"$top/runs"
report "$top/none"
has "a model that differs is something to report" out '1 unexpected results, 0 unfinished guests$'

: >"$top/runs"
report "$top/none"
has_not "no run at all is no success" out 'nothing to report'

# ---- usage ----

check_debug() {
	ran="kernels/check_debug $*"
	LOCKFAIR_CACHE=$top/cache "$kernels/check_debug" "$@" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

check_debug --kernels kasan,none
is "an unknown kernel: refused" "$rc" 2
has "an unknown kernel: named" err 'none.config'
check_debug --runs suite,walk
is "an unknown run: refused" "$rc" 2
check_debug --soak 0
is "no seconds: refused" "$rc" 2
check_debug --nonsense
is "an unknown option: refused" "$rc" 2
has "an unknown option: the usage is printed" err '^	kernels/check_debug '

# ---- the mutants ----

LOCKFAIR_MUTANTS=$kernels/debug "$kernels/mutate" -l >"$top/out" 2>"$top/err"
awk -F '\t' '{ split($5, word, " "); print word[1] }' "$top/out" | sort -u |
	while read -r name; do
		[ -f "$kernels/debug/$name.config" ] || echo "$name"
	done >"$top/without"
is "each mutant names a kernel that must notice it" "$(cat "$top/without")" ""
is "each kernel has a mutant" "$(awk -F '\t' '{ split($5, word, " "); print word[1] }' "$top/out" |
	sort -u | wc -l)" "$(find "$kernels/debug" -name '*.config' | wc -l)"

finish
