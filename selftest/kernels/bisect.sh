#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --bisect, with fake kernels, compilers and machines, see fake/kernel and
# fake/machine. If KSRC_BISECT names an unpacked kernel source, bisect a dozen commits on top of it
# instead, which takes some ten minutes.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_MACHINE LOCKFAIR_KERNEL LOCKFAIR_KMSG LOCKFAIR_PROGRAMS
unset CC KSRC MAKEFLAGS MAKELEVEL MFLAGS FAKE_FULL FAKE_DMESG FAKE_KVM FAKE_LOG
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

front_door=$here/../run_tests.sh
tree=$top/linux
programs=$top/programs
mkdir "$top/tmp" "$programs" "$top/bin" "$tree"
TMPDIR=$top/tmp
LOCKFAIR_CACHE=$top/cache
FAKE_IMAGE=$top/image
FAKE_ONCE=$top/once
FAKE_STARTED=$top/started
export TMPDIR LOCKFAIR_CACHE FAKE_IMAGE FAKE_ONCE FAKE_STARTED

# In the tree.
run() {
	ran="run_tests.sh $*"
	(cd "$tree" && MARKER=$marker exec "$front_door" "$@") >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

left_over() {
	(cd "$top/tmp" && ls -A)
	alive
}

if ! command -v git >/dev/null; then
	echo "1..0 # SKIP no git"
	exit 4
fi

# ---- history ----

git() {
	command git -c user.name=lockfair -c user.email=lockfair@localhost -c core.compression=0 \
		-c gc.auto=0 -c advice.detachedHead=false -C "$tree" "$@"
}

# $1: a tag for it; $2: its title.
commit() {
	git add -A -f . && git commit -q --allow-empty -m "$2" && git tag -f "$1" >/dev/null
}

# git bisect run with arguments $*; to out.
bisect() {
	ran="$* (git bisect run)"
	git bisect start last first >"$top/out" 2>&1 &&
		MARKER=$marker git bisect run "$front_door" "$@" >>"$top/out" 2>&1 </dev/null
	rc=$?
	git bisect log >"$top/log"
	git bisect reset >/dev/null 2>&1
}

if [ -z "${KSRC_BISECT-}" ]; then

# ---- a suite, and a kernel whose file "result" says how it ends ----

PATH=$here/fake/kernel:$here/fake/machine:$PATH
LOCKFAIR_PROGRAMS=$programs
LOCKFAIR_TIME_LIMIT=30
# Tenths of a second, by the fake sleep.
LOCKFAIR_PATIENCE=15
export LOCKFAIR_PROGRAMS LOCKFAIR_TIME_LIMIT LOCKFAIR_PATIENCE
id=barging:practice.ofd.a_claim
belief=barging:folklore.ofd.a_belief

echo "promise.posix.a_claim ok" | program access
printf '%s\n' "practice.ofd.a_claim kernel somebody" "practice.flock.a_claim ok" \
	"folklore.ofd.a_belief kernel somebody was overtaken" | program barging

{
	an_image 1
	echo
} >"$top/image"

mkdir -p "$tree/scripts/kconfig" "$tree/arch/x86"
# shellcheck disable=SC2016 # a script
echo 'while [ $# -gt 2 ]; do shift; done; cat "$2" >>"$1"' >"$tree/scripts/kconfig/merge_config.sh"
: >"$tree/arch/x86/Makefile"
: >"$tree/Makefile"
git init -q
n=0
# Set the result of the commit that is checked out: how its guest ends, and a claim in it.
now() {
	echo "$1" >"$tree/result"
}
now "ok ok"
commit first "first"

# $1: the result of the commit; $2: exit status; $3: a pattern for the message; the rest: arguments.
judged() {
	now "$1"
	want=$2
	said=$3
	shift 3
	run --vm "$vm" --bisect "$id" "$@"
	is "$vm, $(cat "$tree/result")${*:+, $*}: exit status $want" $rc "$want"
	has "$vm, $(cat "$tree/result")${*:+, $*}: one line says why" err "^run_tests.sh: [0-9a-f]* (\"first\"): $said"
	is "$vm, $(cat "$tree/result")${*:+, $*}: and nothing else" "$(cat "$top/out" "$top/err" | wc -l)" 1
}

for vm in qemu vng; do
	judged "ok ok" 0 "good: $id holds\$"
	judged "ok fail" 1 "bad: $id does not hold (seen: somebody)\$"
	judged "ok ok" 1 "bad: $id holds\$" --expect fail
	judged "ok fail" 0 "good: $id does not hold (seen: somebody)\$" --expect=fail
	judged "ok ok" 0 "good: $id holds in 3 of 3 runs\$" --runs 3
	judged "ok flaky" 1 "bad: $id does not hold in 1 of 2 runs\$" --runs 2
	judged "ok flaky" 1 "bad: $id does not hold in 1 of 2 runs\$" --runs 2 --expect fail
	judged "no-build" 125 "skip: it does not build (.*error: expected ';'.*); see $top/cache/.*/build\$"
	judged "ok skip" 125 "skip: $id was skipped (somebody)\$"
	judged "ok skip" 125 "skip: $id was skipped (somebody)\$" --panic-is-bad
	judged "ok broken" 125 "skip: $id is broken (broken: somebody); see "
	judged "ok crash" 125 "skip: $id is broken (no result: signal 9 (SIGKILL) ended it); see "
	judged "panic ok" 125 "skip: the guest panicked.*; see $top/cache/.*/console\$"
	judged "panic ok" 1 "bad: the guest panicked.*; see $top/cache/.*/console\$" --panic-is-bad
	judged "hang ok" 125 "skip: the guest hung: no progress for 15 s.*; see "
	judged "hang ok" 1 "bad: the guest hung: no progress for 15 s.*; see " --panic-is-bad
	clean_after "$vm"
done

vm=qemu
LOCKFAIR_TIME_LIMIT=1
LOCKFAIR_PATIENCE=60
judged "ok hang" 125 "skip: $id hung (.*); see "
judged "ok hang" 1 "bad: $id hung (.*); see " --panic-is-bad
LOCKFAIR_TIME_LIMIT=30
LOCKFAIR_PATIENCE=15
export FAKE_DMESG="WARNING: CPU: 0 PID: 7 at fs/locks.c:1"
judged "ok ok" 0 "good: $id holds, but the kernel complained; see "
judged "ok ok" 1 "bad: $id holds, but the kernel complained; see " --panic-is-bad
judged "ok fail" 1 "bad: $id does not hold (seen: somebody)\$"
unset FAKE_DMESG
judged "no-ports ok" 125 "skip: the guest has no serial ports for results (.*); see "
judged "silent ok" 125 "skip: the guest printed nothing on its console ttyS0: .*; see "
judged "no-ports ok" 125 "skip: the guest has no serial ports" --panic-is-bad
judged "early-panic ok" 125 "skip: the guest panicked before the suite began; see "
judged "early-panic ok" 1 "bad: the guest panicked before the suite began; see " --panic-is-bad
vm=vng
judged "no-9p ok" 125 "skip: the guest did not mount the root of virtme-ng: CONFIG_9P_FS, .*; see "
judged "no-ports ok" 125 "skip: the guest has no ports for results: CONFIG_VIRTIO_CONSOLE=y, and udev?; see "

# Folklore.
now "ok xfail"
run --bisect "$belief"
is "folklore that does not hold fails" $rc 1
run --bisect "$belief" --expect fail
is "folklore that does not hold passes with --expect fail" $rc 0
now "ok ok"
run --bisect "$belief" --expect fail
is "folklore that holds fails with --expect fail" $rc 1

now "ok ok"
FAKE_LOG=$top/log run --bisect "$id"
has "virtme-ng is used if it is installed" log '^vng --build'
FAKE_LOG=$top/log2 run --bisect "$id" --vm qemu --cpus 3 --memory=77 --append 'a=1 b=2'
has "the machine gets its options" log2 'smp=3 m=77 .* a=1 b=2$'
is "the tree is not changed" "$(git status --porcelain --ignored | grep -v result)" ""
rm -f "$tree/result"
git reset -q --hard

# ---- -k by virtme-ng ----

now "ok ok"
run --bisect "$id" --vm vng
built=$(find "$top/cache/bisect" -maxdepth 1 -name 'kernel-*-vng')
run -k "$built" --vm vng -t '*:practice.*' -o "$top/kept"
is "a built tree by virtme-ng: the exit status is 0" $rc 0
has "a built tree by virtme-ng: the header names it" out \
	'^# machine: virtme-ng 0.0-fake, QEMU, [KT][VC][MG], 2 CPUs, 1024 MiB$'
has "a built tree by virtme-ng: prints the results" out '^  ok 1 practice.ofd.a_claim$'
is "a built tree by virtme-ng: -o keeps every file" "$(cd "$top/kept" && echo *)" \
	"barging.tap console dmesg machine results.ktap results.tsv summary.txt"
run -k "$built" --vm kvm
is "an unknown --vm: the exit status is 2" $rc 2
has "an unknown --vm: the message explains it" err "'kvm' is neither qemu nor vng"
run -k debian:6.12 --vm=vng
is "a kernel with 9p in modules: the exit status is 2" $rc 2
has "a kernel with 9p in modules: the message explains it" err \
	'cannot mount the root of virtme-ng; use --vm qemu'
mkdir "$top/a place"
TMPDIR="$top/a place" run -k "$built" --vm vng
is "a path with a space, for virtme-ng: the exit status is 2" $rc 2
has "a path with a space, for virtme-ng: the message explains it" err \
	'virtme-ng takes neither spaces nor quotes: '
run --vm vng
is "--vm without a kernel: the exit status is 2" $rc 2

# ---- what ends a bisection ----

# $1: a pattern for the message; the rest: arguments.
stops() {
	said=$1
	shift
	run "$@"
	is "$*: the exit status is 128" $rc 128
	has "$*: the message explains it" err "^run_tests.sh: --bisect: .*$said"
}

stops "no test matches 'barging:practice.ofd.no_claim'" --bisect barging:practice.ofd.no_claim
stops "matches 2 tests instead of one" --bisect 'barging:practice.*'
stops "it needs the id of a test" --bisect ''
stops "needs a value" --bisect
stops "'xfail' is neither pass nor fail" --bisect "$id" --expect xfail
stops "'0' is not a number" --bisect "$id" --runs 0
stops "'two' is not a number" --runs=two --bisect "$id"
stops "'kvm' is neither qemu nor vng" --bisect "$id" --vm kvm
stops "'--expects' cannot be combined with it" --bisect "$id" --expects fail
stops "'-t' cannot be combined with it" -t 'a:*' --bisect "$id"
stops "'-k' cannot be combined with it" "--bisect=$id" -k host
stops "Invalid SMP CPUs 300" --bisect "$id" --vm vng --cpus 300
now "no-vng ok"
stops "virtme-ng: virtme-run: no such thing" --bisect "$id" --vm vng
now "refused ok"
stops "Invalid SMP CPUs" --bisect "$id" --vm qemu
now "no-room ok"
stops "no room in $top/cache" --bisect "$id" --vm qemu
now "ok ok"
for built in .config include/config arch/x86/include/generated; do
	mkdir -p "$tree/$built"
	stops "a kernel was built inside $tree" --bisect "$id"
	rm -r "${tree:?}/$built"
done
mv "$tree/Makefile" "$tree/makefile"
stops "$tree is not a kernel tree" --bisect "$id"
mv "$tree/makefile" "$tree/Makefile"
LOCKFAIR_CACHE=/dev/null/cache
stops "/dev/null/cache/bisect cannot be made" --bisect "$id"
LOCKFAIR_CACHE=$top/cache
# Links to the commands of this system, of which some are removed.
with_path=$PATH
ln -s /bin/* /usr/bin/* "$here"/fake/machine/* "$here"/fake/kernel/* "$top/bin/" 2>/dev/null
rm -f "$top/bin/flex" "$top/bin/bc" "$top/bin/vng"
PATH=$top/bin
stops "missing to build kernels: apt-get install flex bc\$" --bisect "$id" --vm qemu
ln -s "$here/fake/kernel/flex" "$here/fake/kernel/bc" "$top/bin/"
stops "apt-get install virtme-ng\$" --bisect "$id" --vm vng
rm -f "$top/bin/cpio"
stops "apt-get install cpio\$" --bisect "$id"
printf '#!/bin/sh\nexit 1\n' >"$top/gcc"
chmod +x "$top/gcc"
CC=$top/gcc
export CC
stops "apt-get install libelf-dev\$" --bisect "$id"
unset CC
PATH=$with_path
clean_after "what ends a bisection"

# ---- a bisection ----

# $1: where the change is, of twelve; the others are good before it and bad after it, except
# two that cannot be judged.
history() {
	git reset -q --hard first
	state=ok
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		[ "$n" != "$1" ] || state=fail
		case $n in
		6)	now "no-build $state" ;;
		9)	now "no-ports $state" ;;
		*)	now "ok $state" ;;
		esac
		echo "$n" >"$tree/number"
		commit "c$n" "change $n"
	done
	git tag -f last >/dev/null
}

for change in 1 5 8 11; do
	history "$change"
	bisect --bisect "$id" --vm qemu
	is "git bisect run finds change $change: the exit status is 0" $rc 0
	has "git bisect run finds change $change" out \
		"^$(git rev-parse "c$change") is the first bad commit"
done
history 8
bisect --bisect barging:practice.ofd.a_claimm --vm qemu
has "a mistyped id ends the bisection" out "no test matches 'barging:practice.ofd.a_claimm'"
is "a mistyped id: no commit is judged" \
	"$(grep -c 'first bad commit' "$top/out")$(grep -c '^git bisect \(good\|bad\|skip\)' "$top/log")" 00
history 6
bisect --bisect "$id" --vm qemu
has "if the change may be in a skipped commit, git says so" out \
	"^There are only 'skip'ped commits left to test"

# ---- the suite changes ----

history 8
git bisect start last first >/dev/null 2>&1
now "ok ok"
run --bisect "$id" --vm qemu
is "the first run of a bisection: the exit status is 0" $rc 0
printf '%s\n' "practice.ofd.a_claim fail changed" | program barging
run --bisect "$id" --vm qemu
is "later runs of a bisection use the same tests, even if the suite has changed" $rc 0
run --bisect barging:practice.flock.a_claim --vm qemu
is "later runs of a bisection have all tests of the first" $rc 0
git reset -q --hard
git bisect reset >/dev/null 2>&1
PATH=$real_path sleep 1.1
git bisect start last first >/dev/null 2>&1
now "ok ok"
run --bisect "$id" --vm qemu
is "another bisection uses the tests as they are now" $rc 1
has "another bisection: the changed test fails" err "does not hold (seen: changed)"
git bisect reset >/dev/null 2>&1
run --bisect "$id" --vm qemu
is "without a bisection the tests are used as they are now" $rc 1
is "each version of the suite has one copy" \
	"$(find "$top/cache/bisect" -maxdepth 1 -name 'suite-[0-9]*-*' | wc -l)" 2

# A suite in the tree, first untracked, then as part of its history.
inside=$tree/tools/testing/selftests/lockfair
mkdir -p "$inside"
cp -R "$here/../run_tests.sh" "$here/../kernels" "$here/../config" "$here/../report" "$inside/"
front_door=$inside/run_tests.sh
run --bisect "$id" --vm qemu
is "a suite in the kernel tree that git does not track can be used" $rc 1
git add -A -f .
git commit -q -m "lockfair in the tree"
stops "$inside changes with the commits of this tree; run its copy, $top/cache/.*/run_tests.sh --bisect" --bisect "$id"
front_door=$(sed -n 's/.*run its copy, \(.*\) --bisect$/\1/p' "$top/err")
git checkout -q first
now "ok ok"
run --bisect "$id" --vm qemu
is "the copy works where the tree has no suite" $rc 1
front_door=$here/../run_tests.sh
git reset -q --hard

# ---- signals ----

for vm in qemu vng; do
	for signal in INT TERM; do
		now "slow ok"
		rm -f "$FAKE_STARTED"
		ran="--bisect, SIG$signal"
		(cd "$tree" && MARKER=$marker exec env --default-signal=INT "$front_door" --bisect "$id" --vm "$vm") \
			>"$top/out" 2>"$top/err" </dev/null &
		pid=$!
		while [ ! -e "$FAKE_STARTED" ] && kill -0 $pid 2>/dev/null; do
			PATH=$real_path sleep 0.1
		done
		kill -s $signal $pid
		wait $pid
		rc=$?
		is "$vm, SIG$signal while it builds: ends a bisection" \
			"$([ $rc -ge 128 ] && echo yes)" yes
		clean_after "$vm, SIG$signal while it builds"
	done
done

finish
fi

# ---- a real kernel ----

# What a build of the file needs, and the options and Makefiles of the rest.
(
	cd "$KSRC_BISECT" &&
	find . -type l -o -type f \( -name 'Kconfig*' -o -name 'Makefile*' -o -name 'Kbuild*' -o \
		! -path './Documentation/*' ! -path './tools/testing/*' ! -path './arch/[!x]*/*' \
		! -path './sound/*' ! -path './drivers/gpu/drm/*' ! -path './drivers/media/*' \
		! -path './drivers/staging/*' ! -path './drivers/infiniband/*' \
		! -path './drivers/net/wireless/*' ! -path './drivers/net/ethernet/*' \
		! -name .gitignore \) >"$top/files" &&
	tar -cf - -T "$top/files" | tar -C "$tree" -xf -
) || exit 1
git init -q
commit first "$(sed -n '/^VERSION/,/^SUBLEVEL/s/.*= //p' "$tree/Makefile" | tr '\n' . | sed 's/^/Linux /; s/\.$//')"

# $1: a file; $2: a sed script, by default one that changes nothing; $3: a title.
change() {
	n=$((n + 1))
	sed "${2:-\$s|\$| /* $n */|}" "$tree/$1" >"$top/edited"
	! cmp -s "$top/edited" "$tree/$1" || { echo "Bail out! $1 has changed: $2"; exit 1; }
	cat "$top/edited" >"$tree/$1"
	commit "c$n" "${3:-$1: a comment}"
}

n=0
change fs/locks.c
change kernel/fork.c
change lib/string.c
change fs/locks.c
change fs/fcntl.c
init='/filelock_init/,/^}/'
change fs/locks.c "${init}s/return 0;/return 0/" "locks: does not build"
change fs/locks.c "${init}s/return 0/&;/" "locks: builds again"
# A new waiter no longer queues below a conflicting waiter, and goes to the front.
change fs/locks.c '/^static void __locks_insert_block/,/^}/{
	/^new_blocker:/,/^		}/d
	/struct file_lock[a-z_]* \*flc\{0,1\};/d
	s/list_add_tail/list_add/
}' "locks: simplify how waiters are queued"
change fs/locks.c "${init}"'s/return 0;/panic("no locks today"); &/' "locks: does not boot"
change fs/locks.c "${init}"'s/panic.*today"); //' "locks: boots again"
change mm/shmem.c
change fs/locks.c
git tag last

# Leave out much of what virtme-ng builds by default.
mkdir -p "$top/home/.config/virtme-ng"
for option in AGP ATA AUDIT BPF_SYSCALL CPU_FREQ CRASH_DUMP DEBUG_KERNEL DRM EFI ETHERNET EXPERT \
	EXT4_FS FB FTRACE HIBERNATION HID_SUPPORT HWMON I2C IOMMU_SUPPORT IPV6 KEXEC KPROBES MD \
	MODULES NETFILTER NET_SCHED NFS_FS NUMA PCCARD PERF_EVENTS POWER_SUPPLY SECURITY SOUND \
	SQUASHFS SUSPEND THERMAL USB_SUPPORT VIRTUALIZATION WATCHDOG WIRELESS WLAN XFRM_USER; do
	echo "# CONFIG_$option is not set"
done >"$top/home/.config/virtme-ng/kernel.config"
HOME=$top/home
export HOME

id=queue_order:practice.flock.eight_writers_are_granted_in_the_order_they_queued
for vm in qemu vng; do
	if [ $vm = vng ] && ! command -v vng >/dev/null; then
		count=$((count + 1))
		echo "ok $count - with virtme-ng # SKIP it is not installed"
		continue
	fi
	began=$(date +%s)
	bisect --bisect "${id%_they_queued}*" --vm $vm --runs 2
	awk '{ print "# " $0 }' "$top/out"
	echo "# $(($(date +%s) - began)) s"
	is "$vm: git bisect run: the exit status is 0" $rc 0
	has "$vm: finds the commit that changed how waiters are queued" out \
		"^$(git rev-parse c8) is the first bad commit"
	has "$vm: the reason is what was seen" out \
		'are queued"): bad: .* does not hold (seen: .*) in 2 of 2 runs'
	has "$vm: skips the commit that does not build" log "^git bisect skip $(git rev-parse c6)"
	is "$vm: the tree is not changed" "$(git status --porcelain --ignored)" ""
	# git picks a random commit after a skip, so it may not have tried this one.
	git checkout -q c9
	run --bisect "$id" --vm $vm
	is "$vm: the commit that does not boot is skipped" $rc 125
	has "$vm: the reason is that it panicked" err \
		': skip: the guest panicked before the suite began; see '
	clean_after "$vm"
done

git checkout -q c8
run --bisect "$id" --vm qemu --expect fail
is "--expect fail: the commit found is good" $rc 0
git checkout -q c7
run --bisect "$id" --vm qemu --expect fail
is "--expect fail: the commit before it is bad" $rc 1
finish
