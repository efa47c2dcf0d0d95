#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --filesystem and --matrix --filesystems, with fake machines, a fake Debian
# and fake userlands, see fake/machine, fake/userland and fake/set_up: nothing is booted or mounted.
# The recipes are read, and the shell around their functions is tried.

# shellcheck source-path=SCRIPTDIR source=../machine
. "$(dirname -- "$0")/../machine"

PATH=$here/fake/userland:$PATH
recipes=$here/../kernels/filesystems
FAKE_LOCKS=$top/locks
FAKE_LOG=$top/log
mkdir "$FAKE_LOCKS"
export FAKE_LOCKS FAKE_LOG

left_over() {
	(cd "$top/tmp" && ls -A)
	(cd "$top/locks" && ls -A)
	alive
	find "$top/cache" -name '*.[0-9]*' -path '*/filesystems/*' ! -name '*.deb' 2>/dev/null |
		grep '[0-9]\.[0-9]*$'
}

echo "promise.posix.a_claim ok" | program access
printf '%s\n' "practice.ofd.a_claim ok" "folklore.ofd.a_belief xfail somebody was overtaken" |
	program barging
an_image 1 >"$top/image"

# ---- in a guest ----

run --filesystem nfs4.2 -k debian:6.12 -o "$top/kept"
is "in a guest: the exit status is 0" $rc 0
is "in a guest: every result is printed" "$(grep -c '^ *ok ' "$top/out")" 5
has "in a guest: the header names the machine" out '^# machine: QEMU, '
has "in a guest: the recipe is set up there" log '^recipe:  "NFS 4.2;'
has "in a guest: the first disk is the userland, and is not written to" log \
	'-drive file=trixie-[0-9]*.img,format=raw,if=virtio,snapshot=on'
has "the userland has the packages of all recipes" log '^debootstrap .*bindfs,.*,nfs-kernel-server,'
is "in a guest: -o keeps how the machine ended" "$(cat "$top/kept/machine")" ok
is "the modules are kept" "$(cd "$top/cache/debian" && echo 6*)" "6.12-amd64-modules"
clean_after "in a guest"
: >"$top/log"
FAKE_DEBIAN=offline run --filesystem nfs4.2
is "without -k, and what is kept, without a network: the exit status is 0" $rc 0
has_not "the userland is made once" log '^debootstrap'
run --filesystem nfs4.2+client
is "a second path: the exit status is 0" $rc 0
has "a second path: the recipe gets its name" log '^recipe: client "NFS 4.2;'
run --filesystem 9p-loose
has "9p: QEMU shares a folder" log '-virtfs local,path=share,mount_tag=share,'

echo "promise.posix.a_claim fail" | program access
run --filesystem nfs4.2 -k debian:6.12
is "a failure: the exit status is 1" $rc 1
has "a failure: the command that runs it alone names the file system and the kernel, and no folder" \
	err "run_tests.sh --filesystem nfs4.2 -k debian:6.12 -t "
run --filesystem nfs4.2
has "a failure, without -k: the command names no kernel" err "run_tests.sh --filesystem nfs4.2 -t "
echo "promise.posix.a_claim ok" | program access

# $1: FAKE_GUEST; $2: the word for the end; $3: the phrase; the rest: options.
ends() {
	what=$1
	word=$2
	phrase=$3
	shift 3
	rm -rf "$top/kept"
	FAKE_GUEST=$what run "$@" -o "$top/kept"
	is "$*, $what: the exit status is 1" $rc 1
	is "$*, $what: -o keeps a word for the end" "$(cat "$top/kept/machine")" "$word"
	has "$*, $what: stderr says how it ended" err "^# machine: $phrase"
	has "$*, $what: the KTAP has it as a failure" out '^not ok 1 machine$'
	is "$*, $what: results.tsv has it as a failure" \
		"$(cut -f 1-3 "$top/kept/results.tsv" | tr '\t' ' ')" "machine fail $word"
	has_not "$*, $what: no line of the set-up is a result" out '^[^#B]*refused not ok'
	clean_after "$*, $what"
}
ends not-set-up not-set-up \
	"the guest (debian:6.12) could not set up nfs4.2: mount -t nfs;mount.nfs: Connection refused not-ok" \
	--filesystem nfs4.2
ends stuck hung "the guest (debian:6.12) hung: no progress for 15 s" --filesystem nfs4.2

# ---- here ----

run --filesystem tmpfs
is "here: the exit status is 0" $rc 0
has "here: the header says so" out '^# machine: this one, static, in mount and process namespaces$'
has_not "here: all scenarios are run" out '^# effort:'
has "here: the recipe is set up" log '^recipe:  "tmpfs"$'
clean_after "here"
run --filesystem tmpfs -k host -o "$top/kept"
is "here, by -k host: the exit status is 0" "$rc $(cat "$top/kept/machine")" "0 ok"
[ ! -e "$top/kept/dmesg" ]
result $? "here: the kernel's log is not kept, because it is not the suite's"
ends not-set-up not-set-up "this machine could not set up tmpfs: mount -t nfs" --filesystem tmpfs
ends stuck hung "this machine hung: no progress for 15 s" --filesystem tmpfs
FAKE_USER=1000 run --filesystem tmpfs
has "an ordinary user gets a guest" out '^# machine: QEMU, '

# ---- several ----

run --filesystem tmpfs --filesystem nfs4.2 -o "$top/kept"
is "two file systems: the exit status is 0" $rc 0
is "two file systems: each has a result" "$(grep '^ok ' "$top/out" | tr '\n' ,)" \
	"ok 1 tmpfs,ok 2 nfs4.2,"
is "two file systems: each has a folder" "$(find "$top/kept" -mindepth 2 -name results.tsv | sort | tr '\n' ' ')" \
	"$top/kept/nfs4.2/results.tsv $top/kept/tmpfs/results.tsv "
run --filesystem ramfs -k host -k debian:6.12
is "one on two kernels: each has a result" "$(grep '^ok ' "$top/out" | tr '\n' ,)" \
	"ok 1 ramfs.host,ok 2 ramfs.debian_6.12,"

printf '%s\n' tmpfs 'nfs4.2 debian:6.12' 'smb shown' >"$top/list"
run --matrix --filesystems --kernels "$top/list" -o "$top/compared"
is "the matrix: the exit status is 0" $rc 0
has "the matrix: a file system is a column" out '^  *tmpfs  *nfs4.2.6.12  *smb$'
has "the matrix: the verdict speaks of file systems" err \
	'^3 file systems, all as expected where it counts$'
has "the matrix: the page does" compared/index.html '<h1>lockfair: file systems compared</h1>'
clean_after "the matrix"
printf '%s\n' tmpfs ramfs >"$top/list"
rm -rf "$top/compared"
run --matrix --filesystems --kernels "$top/list" -k debian:6.12 -o "$top/compared"
is "the matrix with -k: it names the kernel of all" \
	"$(grep -c '^# machine: QEMU' "$top"/compared/*/results.ktap | sed 's|.*/||; s|.*:||' | tr '\n' ' ')" \
	"1 1 "
FAKE_GUEST=not-set-up run --matrix --filesystems --kernels "$top/list"
is "the matrix, nothing could be set up: the exit status is 1" $rc 1

# ---- signals ----

# End it by SIGTERM while the file system is set up under the kernel $1.
ended_while_setting_up() {
	rm -rf "$top/kept"
	ran="--filesystem ramfs -k $1, ended by TERM"
	MARKER=$marker FAKE_GUEST=stuck LOCKFAIR_PATIENCE=9999 \
		"$front_door" --filesystem ramfs -k "$1" >"$top/out" 2>"$top/err" </dev/null &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		set +f
		! grep -q -s "setting up" "$top"/tmp/lockfair.*/live || break
		PATH=$real_path sleep 0.1
	done
	kill -s TERM $pid
	wait $pid
	rc=$?
	is "ended by TERM while $1 sets up: the exit status is 143" $rc 143
	clean_after "TERM while $1 sets up"
}
ended_while_setting_up host
ended_while_setting_up debian:6.12

# ---- bad input ----

refused 2 "no recipe for 'zfs'; there are: .*nfs4.2" --filesystem zfs
refused 2 "'../boot' is no name of a file system" --filesystem ../boot
refused 2 "'' is no value" --filesystem ''
refused 2 "needs a value" --filesystem
refused 2 "nfs4.2 has no second path 'moon'; there is: server same mount" --filesystem nfs4.2+moon
refused 2 "tmpfs has no second path 'client'" --filesystem tmpfs+client
refused 2 "makes its own directory, and takes no -d" --filesystem tmpfs -d /tmp
refused 2 "cannot be combined with --matrix" --filesystem tmpfs --matrix
refused 2 "belong to --matrix" --filesystems
refused 2 "belong to --matrix" --filesystems --filesystem tmpfs
refused 2 "takes one -k" --matrix --filesystems -k host -k debian:6.12
refused 2 "take neither --setup nor -l" --filesystem tmpfs -l
refused 2 "gvisor cannot mount tmpfs" --filesystem tmpfs -k gvisor
refused 2 "not with --vm vng" --filesystem tmpfs --vm vng -k "$top/image"
refused 2 "this machine cannot have it: nfs4.2 is only set up in a guest" \
	--filesystem nfs4.2 -k host
FAKE_USER=1000 refused 2 "this machine cannot have it: only root can" --filesystem tmpfs -k host
FAKE_MISSING=nfsd refused 2 "debian:6.12 has no module nfsd" --filesystem nfs4.2
refused 2 "no recipe for 'zfs'" --filesystem tmpfs --filesystem zfs
printf '%s\n' 'tmpfs host maybe' >"$top/list"
refused 2 "'maybe' after host is not 'shown'" --matrix --filesystems --kernels "$top/list"
printf '%s\n' tmpfs tmpfs >"$top/list"
refused 2 "two file systems are called tmpfs" --matrix --filesystems --kernels "$top/list"

rm -rf "$top/cache"
FAKE_USER=1000 refused 2 "debootstrap and chroot need root" --filesystem nfs4.2
FAKE_DEBIAN=no-modules refused 1 "linux 6.12.5 (amd64) could not be fetched" --filesystem nfs4.2
clean_after "no modules"
run --filesystem nfs4.2 -t 'access:*'
rm -rf "$top/cache/filesystems"
FAKE_DEBIAN=offline refused 1 "no userland of Debian (trixie) for file systems" --filesystem nfs4.2
has "no userland: debootstrap is quoted" err '^# debootstrap: E: Failed getting release file'
clean_after "no userland"

# ---- the recipes ----

# Every recipe is read without output, and has what kernels/media and the documentation say.
for recipe in "$recipes"/*; do
	name=${recipe##*/}
	said=$(
		# shellcheck disable=SC2034 # a recipe sets some of them
		about='' packages='' modules='' only_guest='' share='' daemon='' alone='' seconds='' \
			nfs_seconds='' smb_seconds=''
		# shellcheck disable=SC1090 # a recipe
		. "$recipe"
		[ -n "$about" ] || echo "no about"
		case $share in
		''|9p|virtiofs) ;;
		*)	echo "share is $share" ;;
		esac
		command -v set_up >/dev/null || echo "no set_up"
		grep -q "^| $name |" "$here/../doc/filesystems.md" || echo "not in doc/filesystems.md"
		grep -q "^$name\( \|\$\)" "$here/../kernels/matrix.filesystems" ||
			echo "not in kernels/matrix.filesystems"
		for package in $packages; do
			grep -q "^| $package |" "$here/../doc/filesystems.md" ||
				echo "doc/filesystems.md does not say what $package is for"
		done
	) || said="$said: it cannot be read to its end"
	is "recipe $name is complete" "$said" ""
done

# shellcheck disable=SC2016,SC2031 # bodies in quotes; variables not of a recipe
{
# A word that is misspelt would skip the tests of its fault: see needs_fault() in tests/fault.h. In
# kernels/mounts, nfs_mount offers more.
sed -n 's/^fault_\([a-z_]*\)() .*/\1/p' "$here/../kernels/faults" >"$top/known"
printf '%s\n' busy apart >>"$top/known"
said=$(cat "$recipes"/* "$here/../kernels/mounts" | grep -o 'faults="[^"]*"' |
	sed 's/faults=//; s/\$faults//; s/\${lease:+\([^}]*\)}/\1/' | tr -d '"' | tr ' ' '\n' |
	sort -u)
is "each fault that is offered is one of kernels/faults" \
	"$(echo "$said" | grep -vxF -f "$top/known" | xargs)" ""
said=$(cat "$here/../tests/fault.h" "$here"/../tests/faults_*.c | grep -v actor_start |
	grep -o '\((scene, \|word(\)"[a-z_]*"' | sed 's/.*"\(.*\)"/\1/' | sort -u)
is "each fault that a test wants is one of kernels/faults" \
	"$(echo "$said" | grep -vxF -f "$top/known" | xargs)" ""

# $1: the body of a recipe's set_up; prints the exit status and what it has printed.
begins() {
	at=$top/at store=$top/store
	export at store
	rm -rf "$at" "$store"
	sh -c '. "$1/mounts"
	second=
	set_up() {
	'"$1"'
	}
	begin word' sh "$here/../kernels" 2>"$top/trace"
	echo "status $?"
}
is "a recipe that works" "$(begins 'echo $1')" "word
status 0"
is "a command that fails ends the set-up" "$(begins 'false; echo later')" "status 1"
is "a file system that cannot be written to is not set up" "$(begins 'rmdir "$at"')" "status 2"
begins 'false' >/dev/null
is "the command that failed is the last of the trace" "$(tail -n 1 "$top/trace")" "+ false"

# $1: the line that each start of nfsd adds to the kernel's log, if any. Print how often it was
# started, and the exit status.
nfsd_starts() {
	mkdir -p "$top/nfsd"
	echo "NFSD: Using nfsdcld client tracking operations." >"$top/nfsd/log"
	: >"$top/nfsd/starts"
	printf '#!/bin/sh\ncat "${0%%/*}/log"\n' >"$top/nfsd/dmesg"
	printf '#!/bin/sh\n[ "$1" != 0 ] || exit 0\ncd "${0%%/*}"\necho >>starts\n%s\n' \
		"${1:+echo '$1' >>log}" >"$top/nfsd/rpc.nfsd"
	chmod +x "$top/nfsd/dmesg" "$top/nfsd/rpc.nfsd"
	PATH=$top/nfsd:$PATH sh -ec '. "$1/mounts"
	nfs_start' sh "$here/../kernels" >"$top/nfsd/said"
	status=$?
	echo "$(grep -c '' "$top/nfsd/starts") $status"
}
is "nfsd finds nfsdcld: it is started once" "$(nfsd_starts 'NFSD: Using nfsdcld')" "1 0"
is "nfsd finds something else: it has not started" "$(nfsd_starts 'NFSD: Using legacy')" "6 1"
is "nfsd finds nothing: a line of an earlier start does not count" "$(nfsd_starts '')" "6 1"

# kernels/fault, with faults of a recipe for this test.
mkdir -p "$top/fault/store"
cp "$here/../kernels/fault" "$here/../kernels/faults" "$here/../kernels/mounts" "$top/fault/"
printf '%s\n' 'store=${0%/*}/store' 'fault_good() { echo all is well; }' \
	'fault_bad() { echo "no such disk" >&2; false; echo later; }' >"$top/fault/recipe"
is "a fault that happens: nothing is printed" "$("$top/fault/fault" good; echo $?)" 0
is "one that does not: what the commands said is printed" \
	"$("$top/fault/fault" bad | tail -n 2; "$top/fault/fault" bad >"$top/out"; echo $?)" \
	"# no such disk
# + false
1"

# $1: what umount(8) does and says; does the fault "force" happen then?
forces() {
	printf '#!/bin/sh\n%s\n' "$1" >"$top/nfsd/umount"
	chmod +x "$top/nfsd/umount"
	PATH=$top/nfsd:$PATH "$top/fault/fault" force >"$top/out"
}
forces 'exit 0'
result $? "umount -f that works: it happens"
forces 'echo "umount: /mnt/at: target is busy." >&2; exit 32'
result $? "a busy file system: it happens, too"
! forces 'echo "umount: /mnt/at: not mounted." >&2; exit 32'
result $? "any other failure: it does not happen"
has "any other failure: it is shown" out '^# umount: /mnt/at: not mounted\.$'
}

finish
