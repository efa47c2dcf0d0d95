#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh -k and of kernels/, with fake machines and kernels and a fake Debian, see
# fake/machine. They end in the ways that real ones do.

# shellcheck source-path=SCRIPTDIR source=../machine
. "$(dirname -- "$0")/../machine"

# ---- a suite and a kernel ----

healthy() {
	echo "promise.posix.a_claim ok" | program access
	printf '%s\n' "practice.ofd.a_claim ok" "folklore.ofd.a_belief xfail somebody was overtaken" |
		program barging
}
healthy

an_image 1 >"$top/image"

# ---- a machine that works ----

run -k "$top/image"
is "a kernel on which all is well: the exit status is 0" $rc 0
is "a kernel on which all is well: prints the KTAP of a run" \
	"$(head -n 1 "$top/out")" "KTAP version 1"
has "a kernel on which all is well: prints every result" out \
	'^  ok 2 folklore.ofd.a_belief # XFAIL somebody was overtaken$'
is "a kernel on which all is well: prints no other result" "$(grep -c '^ *ok ' "$top/out")" 5
has "a kernel on which all is well: prints the table" err '^3 results: all as expected$'
has "the header names the machine" out '^# machine: QEMU, [KT][VC][MG], 2 CPUs, 1024 MiB$'
has "the header says that an emulated machine runs fewer scenarios" out '^# effort: 3 percent '
has_not "no line of the console is a result" out 'console in the middle'
clean_after "a kernel on which all is well"

FAKE_LOG=$top/log run -k "$top/image" --cpus 3 --memory=77 --append 'a=1 b="2"' -t 'access:*' -o "$top/kept"
is "with options: the exit status is 0" $rc 0
has "with options: the machine gets them" log \
	'smp=3 m=77 append=.*[^=]console=ttyS0 .* a=1 b="2"$\|smp=3 m=77 append=console=ttyS0 .* a=1 b="2"$'
has "with options: the header names them" out '^# machine: QEMU, TCG, 3 CPUs, 77 MiB, a=1 b="2"$'
is "a glob chooses tests in the guest" "$(grep -c '^  *ok ' "$top/out")" 1
is "-o keeps every file" "$(cd "$top/kept" && echo *)" \
	"access.tap console dmesg machine results.ktap results.tsv summary.txt"
is "-o keeps the results" "$(cut -f 1,2 "$top/kept/results.tsv")" \
	"access:promise.posix.a_claim	hold"
is "-o keeps the KTAP" "$(cat "$top/kept/results.ktap")" "$(cat "$top/out")"
is "-o keeps how the machine ended" "$(cat "$top/kept/machine")" ok

(cd "$top" && FAKE_GUEST=ok run -k image -o kept/relative && echo $rc >rc)
is "a folder and a kernel by relative names: the exit status is 0" "$(cat "$top/rc")" 0
is "a folder and a kernel by relative names are found" "$(cat "$top/kept/relative/machine")" ok

echo "promise.posix.a_claim fail" | program access
run -k "$top/image"
is "a failure in a guest: the exit status is 1" $rc 1
has "a failure in a guest: the test is not ok" out '^  not ok 1 promise.posix.a_claim$'
has "a failure in a guest: the command that runs it alone names the kernel" err \
	"run_tests.sh -k $top/image -t "
healthy
run -k "$top/image" -t 'nothing:*'
is "a glob that matches nothing there: the exit status is 2" $rc 2
has "a glob that matches nothing there: the message names it" err "no test matches 'nothing:\*'"
echo "promise.posix.a_claim skip not here" | program access
run -k "$top/image" -t 'access:*'
is "only skips in a guest: the exit status is 4" $rc 4
healthy

if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	rm -rf "$top/cache"
	FAKE_KVM=works run -k "$top/image"
	has "KVM that works is used" out '^# machine: QEMU, KVM,'
	rm -rf "$top/cache"
	FAKE_LOG=$top/log run -k "$top/image"
	has "KVM that can only be opened is not used" out '^# machine: QEMU, TCG,'
	: >"$top/log"
	FAKE_LOG=$top/log run -k "$top/image"
	has_not "KVM that does not work is not tried again" log accel=kvm
	rm -rf "$top/cache"
	FAKE_GUEST=silent run -k "$top/image"
	FAKE_KVM=works run -k "$top/image"
	has "a kernel that does not come up does not rule out KVM" out '^# machine: QEMU, KVM,'
	rm -rf "$top/cache"
else
	for what in "KVM that works is used" "KVM that can only be opened is not used" \
		"KVM that does not work is not tried again" "a kernel that does not come up does not rule out KVM"; do
		skip "$what" "no /dev/kvm"
	done
fi

# ---- how a guest can end ----

# $1: FAKE_GUEST; $2: the word for the end; $3: the phrase; $4: how many results are planned.
ends() {
	rm -rf "$top/kept"
	FAKE_GUEST=$1 run -k "$top/image" -o "$top/kept"
	is "a guest, $1: the exit status is 1" $rc 1
	is "$1: -o keeps a word for the end" "$(cat "$top/kept/machine")" "$2"
	has "$1: stderr says how it ended" err "^# machine: the guest ($top/image) $3"
	has "$1: the KTAP says how it ended" out "^Bail out! the guest ($top/image) $3"
	has "$1: the KTAP has it as a failure" out '^not ok [123] machine$'
	is "$1: results.tsv has it as a failure" \
		"$(grep '^machine' "$top/kept/results.tsv" | cut -f 1-4 | tr '\t' ' ')" \
		"$(printf 'machine fail %s %s' "$2" "$(sed -n 's/^# machine: //p' "$top/err")")"
	is "$1: the plan counts it" "$(sed -n 's/^1\.\.//p' "$top/out")" "$4"
	has_not "$1: no line of the console is a result" out '^[^#]*a console like a result\|FAIL:'
	clean_after "$1"
}

running="while barging:practice.ofd.another_claim ran"
ends panic panicked "panicked $running" 3
has "a panic: the results before it count" out '^ok 1 access$'
has "a panic: results of an incomplete program count" out '^  ok 1 practice.ofd.a_claim$'
has_not "a panic: half a line does not count" out '^  ok 2'
has "a panic: stderr has the last lines of the console" err \
	'^#   console: .*Kernel panic - not syncing: Fatal'
has "a panic: no parser takes these lines for results" out \
	'^#   console: .*not-ok 7 fail: a console like'
is "a panic: the program that ran is not ok" \
	"$(grep '^not ok' "$top/out" | tr '\n' ,)" "not ok 2 barging,not ok 3 machine,"
is "a panic: -o keeps the same KTAP" "$(cat "$top/kept/results.ktap")" "$(cat "$top/out")"
is "a panic: -o keeps the same results" "$(cut -f 1,2 "$top/kept/results.tsv" | tr '\t\n' ' ,')" \
	"access:promise.posix.a_claim hold,barging:practice.ofd.a_claim hold,machine fail,"
has "a panic: results.tsv has the last lines of the console" kept/results.tsv \
	'\\n  console: .*Kernel panic'
ends oops oopsed "oopsed $running" 3
ends hang hung "hung: no progress for 15 s $running" 3
ends talks hung "hung: no progress for 15 s" 3
ends stops stopped "ended before all of the results had come" 3
ends cut stopped "ended before all of the results had come" 3
is "a guest, cut: the results that came with the KTAP count" \
	"$(grep -vc '^machine' "$top/kept/results.tsv")" 3
ends early-panic no-boot "panicked before the suite began" 1
ends no-initramfs no-boot "did not start an initramfs: without CONFIG_BLK_DEV_INITRD?" 1
ends silent no-boot "printed nothing on its console ttyS0: is its driver not built in?" 1
ends no-ports no-boot "has no serial ports for results (CONFIG_SERIAL_8250_NR_UARTS)" 1
ends no-kernel no-boot "did not come up" 1

FAKE_GUEST=slow run -k "$top/image"
is "a slow guest that makes progress: the exit status is 0" $rc 0
rm -f "$FAKE_ONCE"
FAKE_GUEST=panic-once run -k "$top/image"
is "a panic before the guest is up gets a second try" $rc 0

for text in "WARNING: CPU: 0 PID: 7 at fs/locks.c:1" "BUG: unable to handle page fault" \
	"BUG: KASAN: use-after-free in posix_lock_inode" "general protection fault, probably"; do
	FAKE_DMESG=$text run -k "$top/image" -o "$top/kept"
	is "${text%%,*}: the exit status is 1" $rc 1
	has "${text%%,*}: is quoted" err "^#   kernel: .*$text"
	is "${text%%,*}: the end in a word" "$(cat "$top/kept/machine")" oopsed
done
has "a complaint of the kernel: all results are kept" out '^ok 2 barging$'
has "a complaint of the kernel: the KTAP has it as a failure" out '^not ok 3 machine$'
is "a complaint of the kernel: the plan counts it" "$(grep -c '^1\.\.3$' "$top/out")" 1
is "a complaint of the kernel: results.tsv has it" \
	"$(cut -f 1-3 "$top/kept/results.tsv" | tail -n 1 | tr '\t' ' ')" \
	"machine fail oopsed"
is "a complaint of the kernel: -o keeps the same KTAP" \
	"$(cat "$top/kept/results.ktap")" "$(cat "$top/out")"
for text in "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!" "DEBUG: nothing" \
	"INFO: task lock:1 blocked for more than 120 seconds."; do
	FAKE_DMESG=$text run -k "$top/image"
	is "not a complaint: $text" $rc 0
done

# ---- several kernels ----

cp "$top/image" "$top/other"
run -k "$top/image" -k "$top/other" -o "$top/kept"
is "two kernels: the exit status is 0" $rc 0
is "two kernels: each is a subtest" "$(grep -c '^  # Subtest: .*\(image\|other\)$' "$top/out")" 2
is "two kernels: each has a result" \
	"$(grep '^ok ' "$top/out" | sed 's/ [^ ]*_/ /' | tr '\n' ,)" "ok 1 image,ok 2 other,"
is "two kernels: each has a folder" \
	"$(find "$top/kept" -name results.ktap | grep -c '_\(image\|other\)/')" 2
rm -f "$FAKE_ONCE"
FAKE_GUEST=panic run -k "$top/image" -k host
is "after a panic the next kernel runs" \
	"$(grep '^\(not \)\{0,1\}ok ' "$top/out" | sed 's/ [^ ]*_/ /' | tr '\n' ,)" \
	"not ok 1 image,ok 2 host,"
is "after a panic: the exit status is 1" $rc 1
has "the host: the header names the machine" out '^  # machine: this one, static$'
run -k "$top/image" -k "$top/no_such_file"
is "an error in the last kernel ends the run before the first one starts" \
	"$rc $(cat "$top/out")" "2 "

# ---- user-mode Linux ----

FAKE_LOG=$top/log run -k uml --memory 77 --append 'a=1 b=2'
is "user-mode Linux: the exit status is 0" $rc 0
has "user-mode Linux: the header names the machine" out \
	'^# machine: user-mode Linux, 1 CPU, 77 MiB, a=1 b=2$'
has "user-mode Linux: the command line has the options" log 'm=77M .* a=1 b=2$'
has "user-mode Linux: prints the results" out '^ok 2 barging$'
clean_after "user-mode Linux"
FAKE_GUEST=panic run -k uml
is "user-mode Linux that panics: the exit status is 1" $rc 1
has "user-mode Linux that panics: stderr says so" err \
	'^# machine: the guest (uml) panicked while barging:practice.ofd.another_claim ran'
FAKE_GUEST=hang run -k uml
has "user-mode Linux that hangs is ended" err \
	'^# machine: the guest (uml) hung: no progress for 15 s'
clean_after "user-mode Linux that hangs"
FAKE_GUEST=broken run -k uml
is "user-mode Linux that does not start: the exit status is 2" $rc 2
has "user-mode Linux that does not start: the message says why" err \
	'^run_tests.sh: linux.uml: Failed to initialize ptrace'

# ---- gVisor ----

if [ "$(id -u)" = 0 ]; then
	run -k gvisor
	is "gVisor: the exit status is 0" $rc 0
	has "gVisor: the header names the machine" out \
		'^# machine: gVisor, runsc 00000000.0-fake, ptrace$'
	has "gVisor: prints the results" out '^ok 2 barging$'
	clean_after gVisor
	run -k gvisor:trixie
	is "the gVisor of a release of Debian: the exit status is 0" $rc 0
	has "the gVisor of a release of Debian is fetched and used" out \
		'^# machine: gVisor, runsc trixie-fake, ptrace$'
	rm -rf "$top/cache"
	FAKE_GUEST=broken run -k gvisor
	is "gVisor that does not start: the exit status is 1" $rc 1
	has "gVisor that does not start: stderr says so" err 'cannot create sandbox'
else
	for what in "gVisor: the exit status is 0" "gVisor: the header names the machine" \
		"the gVisor of a release of Debian: the exit status is 0" \
		"the gVisor of a release of Debian is fetched and used" \
		"gVisor: prints the results" "nothing is left behind: gVisor" \
		"gVisor that does not start: the exit status is 1" \
		"gVisor that does not start: stderr says so"; do
		skip "$what" "needs root"
	done
fi

# ---- bad input ----

echo "no kernel at all" >"$top/text"
mkdir "$top/tree"
refused 2 "is not the image of a kernel of amd64 i386 arm64" -k "$top/text"
refused 2 "/dev/null is not a file" -k /dev/null
refused 2 "gvisor:6.12 is no release of Debian" -k gvisor:6.12
refused 2 "no kernel '$top/none' (an image" -k "$top/none"
refused 2 "is not a built kernel tree" -k "$top/tree"
refused 2 "'' is no value" -k ''
refused 2 "is no version of a kernel" -k debian:
refused 2 "no architecture 'x'" -k debian:6.12/../x
refused 2 "is no version of a kernel" -k debian:six
refused 2 "is no version of a kernel" -k debian:6
refused 2 "needs a value" -k
refused 2 "is not a number" -k "$top/image" --cpus two
refused 2 "is not a number" -k "$top/image" --memory 0
refused 2 "'' is no value" -k "$top/image" --append ''
refused 2 "belong to -k" --cpus 2
refused 2 "take neither" -k host -l
# The header gives a larger size than the file has.
{
	head -c 500 "$top/image"
	printf '\0\001\0\0'
	tail -c +505 "$top/image"
} >"$top/cut"
refused 2 "cut is truncated" -k "$top/cut"
refused 2 "belong to --matrix" -k host --jobs 2
mkdir -p "$top/tree/arch/x86/boot"
cp "$top/image" "$top/tree/arch/x86/boot/bzImage"
run -k "$top/tree"
is "a built kernel tree: the exit status is 0" $rc 0
FAKE_GUEST=refused
refused 2 'QEMU: Invalid SMP CPUs 300' -k "$top/image" --cpus 300
FAKE_GUEST=ok
FAKE_FULL=1
export FAKE_FULL
refused 1 'no room in' -k "$top/image"
unset FAKE_FULL
clean_after "no room"

# The commands of this system, except the machines.
ln -s /bin/* /usr/bin/* "$top/bin/" 2>/dev/null
rm -f "$top/bin/qemu-system-x86_64" "$top/bin/cpio" "$top/bin/busybox" "$top/bin/runsc" "$top/bin/apt-get"
PATH=$top/bin
refused 2 'missing: apt-get install qemu-system-x86 busybox-static cpio$' -k "$top/image"
refused 2 'missing: apt-get install apt$' -k debian:6.12
refused 2 'missing: apt-get install runsc$' -k gvisor
# With LOCKFAIR_PROGRAMS nothing has to be built.
rm -f "$top/bin/make" "$top/bin/gcc" "$top/bin/musl-gcc"
refused 2 'missing: apt-get install runsc$' -k gvisor
LOCKFAIR_PROGRAMS=
refused 2 'missing: apt-get install make gcc$' -k host
refused 2 'missing: apt-get install make gcc qemu-system-x86 busybox-static cpio$' \
	-k "$top/image"
CC="musl-gcc -O1" refused 2 'missing: apt-get install make musl-tools$' -k host
LOCKFAIR_PROGRAMS=$top/programs
PATH=$here/fake/machine:$real_path

# ---- Debian ----

fetched() {
	(cd "$top/cache/debian" && find . -name '[0-9]*' -type f | sort | tr '\n' ' ')
}

run -k debian:6.12
is "a kernel of Debian: the exit status is 0" $rc 0
is "the image is kept" "$(fetched)" "./6.12-cloud "
clean_after "a kernel of Debian"
FAKE_DEBIAN=offline run -k debian:6.12
is "a kernel of Debian: the image is used without a network" $rc 0
(
	cd "$top" || exit
	LOCKFAIR_CACHE=relative run -k debian:6.12
	echo $rc >rc
)
is "a cache by a relative name: the exit status is 0" "$(cat "$top/rc")" 0
is "a cache by a relative name is filled" "$(ls "$top/relative/debian")" "$(ls "$top/cache/debian")"
touch -d '-9 days' "$top/cache/debian/6.12-cloud"
FAKE_DEBIAN=offline run -k debian:6.12
is "a kernel of Debian: an old image is used without a network" $rc 0
rm -rf "$top/cache"
FAKE_DEBIAN=gone run -k debian:7.3-rt
is "a suite that Debian no longer has does not matter" "$rc $(fetched)" "0 ./7.3-rt "
has "a fetched kernel: QEMU boots it" out '^# machine: QEMU'
refused 2 "Debian has no cloud-amd64 kernel 9.9 now" -k debian:9.9

# $1: FAKE_DEBIAN; $2: a pattern for the message.
fetch_fails() {
	rm -rf "$top/cache"
	FAKE_DEBIAN=$1
	refused 1 "$2" -k debian:6.12
	is "fetch, $1: no incomplete image is kept" "$(fetched)" ""
	clean_after "fetch, $1"
}
fetch_fails offline "package lists cannot be fetched from .*Could not connect"
fetch_fails stops "linux 6.12.5 (cloud-amd64) could not be fetched: .*Connection reset by peer"
fetch_fails cut "linux 6.12.5 (cloud-amd64) could not be fetched: .*tar: "
fetch_fails garbage "linux 6.12.5 (cloud-amd64) could not be fetched"
FAKE_DEBIAN=ok
run -k debian:6.12
is "after a failed fetch the next one succeeds" $rc 0

# ---- signals ----

# Ends run_tests.sh by signal $1 while $2 happens.
ended_by() {
	ran="-k $3, ended by $1 while $2"
	rm -f "$top/started"
	MARKER=$marker "$front_door" -k "$3" >"$top/out" 2>"$top/err" </dev/null &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		set +f
		if [ -e "$top/started" ] || grep -q -s another_claim "$top"/tmp/lockfair.*/console; then
			break
		fi
		PATH=$real_path sleep 0.1
	done
	kill -s "$1" $pid
	wait $pid
	rc=$?
	is "ended by $1 while $2: the exit status is $4" $rc "$4"
	clean_after "$1 while $2"
}
FAKE_GUEST=hang LOCKFAIR_PATIENCE=9999 ended_by TERM "a guest runs" "$top/image" 143
# No shell can trap a signal that was ignored when it started, as by nohup(1) (POSIX, trap).
if ! grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status; then
	FAKE_GUEST=hang LOCKFAIR_PATIENCE=9999 ended_by HUP "a guest runs" "$top/image" 129
fi
rm -rf "$top/cache"
FAKE_DEBIAN=hangs ended_by TERM "a kernel is fetched" debian:6.12 143
is "ended by TERM while a kernel is fetched: no incomplete image is kept" "$(fetched)" ""

finish
