#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh -k with kernels of other architectures: kernels/architectures. Debian, QEMU
# and the kernels are fake, see fake/machine.

# shellcheck source-path=SCRIPTDIR source=../machine
. "$(dirname -- "$0")/../machine"

echo "promise.posix.a_claim ok" | program access
FAKE_IMAGE=$top/arm64
table=$here/../kernels/architectures

# The commands of this machine, and its QEMUs, which are all the same fake.
grep -v '^#' "$table" | cut -f 3 | while read -r name _; do
	ln -sf "$here/fake/machine/qemu-system-x86_64" "$top/bin/qemu-system-$name"
done
PATH=$top/bin:$here/fake/userland:$PATH

# An image that has nothing but the numbers $2 (octal) at byte $1.
header() {
	head -c "$1" /dev/zero
	# shellcheck disable=SC2059 # the numbers
	printf "$2"
	head -c 9000 /dev/zero
}

# ---- the table ----

is "each architecture has 13 columns" "$(grep -v '^#' "$table" | awk -F '\t' 'NF != 13')" ""
is "no two of them have the same name" "$(grep -v '^#' "$table" | cut -f 1 | sort | uniq -d)" ""

# ---- what an image is for ----

# $1: the architecture; $2: of its QEMU; $3: an image.
is_for() {
	: >"$top/log"
	firmware=$(grep "^$1	" "$table" | cut -f 12)
	if [ "$firmware" != - ] && [ ! -e "${firmware% *}" ]; then
		refused 2 "missing: apt-get install ${firmware#* }\$" -k "$3"
		return
	fi
	FAKE_LOG=$top/log run -k "$3" -o "$top/kept"
	is "an image for $1: the exit status is 0" $rc 0
	if [ "$1" = "$(uname -m | sed 's/x86_64/amd64/')" ]; then
		has_not "an image for $1: it is this machine's" out '^# machine: QEMU, amd64'
	else
		has "an image for $1: the header names it" out "^# machine: QEMU, $1, TCG"
	fi
	has "an image for $1: QEMU emulates its board" log "^$2 "
	clean_after "an image for $1"
}

header 56 'ARMd' >"$top/arm64"
header 56 'RSC\005' >"$top/riscv64"
header 36 '\030\050\157\001' >"$top/armhf"
header 65544 'S390EP' >"$top/s390x"
# ELF, 64 bits, little-endian; e_machine at 18.
{ printf '\177ELF\002\001\001'; header 11 '\025\000'; } >"$top/ppc64el"
{ printf '\177ELF\002\001\001'; header 11 '\010\000'; } >"$top/mips64el"
is_for arm64 virt "$top/arm64"
is_for riscv64 virt "$top/riscv64"
is_for armhf virt,highmem=off "$top/armhf"
is_for s390x s390-ccw-virtio "$top/s390x"
is_for ppc64el pseries "$top/ppc64el"
is_for mips64el malta "$top/mips64el"
an_image 1 >"$top/amd64"
is_for amd64 q35 "$top/amd64"
an_image 2 >"$top/i386"
is_for i386 q35 "$top/i386"
FAKE_LOG=$top/log run -k "$top/mips64el" --cpus 3
has "a board for one CPU gets one" log '^malta .* smp=1 '
FAKE_LOG=$top/log run -k "$top/s390x"
has "the console is the board's" log ' append=console=ttysclp0 '
has "the results leave through virtio ports" log 'virtserialport,.*name=lockfair.results'

# ---- trees ----

mkdir -p "$top/tree/arch/arm64/boot" "$top/tree/arch/x86/boot"
cp "$top/arm64" "$top/tree/arch/arm64/boot/Image"
: >"$top/tree/vmlinux"
FAKE_LOG=$top/log run -k "$top/tree"
is "a tree that was built for arm64: the exit status is 0" $rc 0
has "a tree that was built for arm64: it is found out" out '^# machine: QEMU, arm64, TCG'
rm "$top/tree/arch/arm64/boot/Image"
refused 2 "is not a built kernel tree" -k "$top/tree"

# ---- Debian's ----

run -k debian:6.12/arm64
is "a kernel of Debian for arm64: the exit status is 0" $rc 0
has "a kernel of Debian for arm64: the header names the machine" out '^# machine: QEMU, arm64, TCG'
is "a kernel of Debian for arm64: it is kept with its modules" \
	"$(find "$top/cache/debian/6.12-cloud-arm64-modules" -mindepth 1 -maxdepth 1 -printf '%f\n' |
		sort | tr '\n' ' ')" "kept lib vmlinuz "
is "its packages have lists of their own" \
	"$(find "$top/cache/debian" -maxdepth 1 -name apt-arm64)" "$top/cache/debian/apt-arm64"
clean_after "a kernel of Debian for arm64"
FAKE_FETCHED=$top/fetched run -k debian:6.12/arm64
is "a kernel that was fetched is not fetched again" "$(cat "$top/fetched" 2>/dev/null)" ""
echo others >"$top/cache/debian/6.12-cloud-arm64-modules/kept"
FAKE_FETCHED=$top/fetched run -k debian:6.12/arm64
has "but if other files of it were kept, it is" fetched '^linux-image-6.12.6-cloud-arm64-unsigned$'
refused 2 "no architecture 'vax'; there are: amd64 i386 arm64" -k debian:6.12/vax
refused 2 "is no version of a kernel" -k debian:6.12-64k/arm64
rm -rf "$top/cache"
FAKE_IMAGE=$top/amd64 refused 1 "linux 6.12.6 (cloud-arm64) could not be fetched" -k debian:6.12/arm64
rm -rf "$top/cache"
FAKE_DEBIAN=no-libcap refused 1 "tools .* (tools) could not be fetched" -k debian:6.12/arm64

: >"$top/fetched"
FAKE_FETCHED=$top/fetched "$here/../kernels/fetch" tools:riscv64 >"$top/out" 2>"$top/err"
has "an architecture that bookworm does not have: its tools are those of trixie" fetched \
	'^busybox-static/trixie$'

# ---- 32-bit programs ----

# The programs would be built: these are their library, and what comes out.
run -k debian:6.12/arm64+armhf
is "programs of armhf on arm64: the exit status is 0" $rc 0
has "programs of armhf on arm64: the header says so" out \
	'^# machine: QEMU, arm64, programs of armhf, TCG'
for name in arm64 armhf; do
	is "programs of armhf on arm64: there are tools of $name" \
		"$(find "$top/cache/debian" -maxdepth 1 -name "*-$name-tools" | wc -l)" 1
done
clean_after "programs of armhf on arm64"
refused 2 "a kernel of arm64 has no programs of 'i386', but of armhf" -k debian:6.12/arm64+i386
refused 2 "a kernel of s390x has no programs of 'armhf'\$" -k debian:6.12/s390x+armhf
refused 2 "a kernel of amd64 has no programs of '', but of i386" -k debian:6.12+

# ---- what is missing ----

refused 2 "its userland is of this machine's architecture, not of arm64" \
	-k debian:6.12/arm64 --filesystem ext4
refused 2 "virtme-ng would need a root of arm64" -k "$top/arm64" --vm vng
set +f
ln -s /bin/* /usr/bin/* "$top/bin/" 2>/dev/null
set -f
PATH=$here/fake/userland:$here/fake/machine:$top/bin
rm -f "$top/bin/qemu-system-s390x" "$top/bin/s390x-linux-gnu-gcc" "$top/bin/aarch64-linux-gnu-gcc"
refused 2 'missing: apt-get install qemu-system-misc$' -k "$top/s390x"
LOCKFAIR_PROGRAMS=
refused 2 'missing: apt-get install gcc-s390x-linux-gnu qemu-system-misc$' -k "$top/s390x"
refused 2 'missing: apt-get install gcc-aarch64-linux-gnu$' -k "$top/arm64"

finish
