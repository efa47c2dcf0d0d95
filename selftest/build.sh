#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the Makefile and of lib/claim/harness.mk on a copy of the source, in TAP 13.
# LOCKFAIR_HARNESS=DIR has the kselftest headers; otherwise make is asked.

set -u
export LC_ALL=C
here=$(cd -- "$(dirname -- "$0")/.." && pwd)
headers=${LOCKFAIR_HARNESS:-$(make -s -C "$here" show-harness)} || exit 1
# Options of the calling make are not for the makes of this script.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS
unset CC CFLAGS CPPFLAGS CROSS_COMPILE INSTALL_PATH KHDR_INCLUDES KSRC LDFLAGS LIBCAP O OUTPUT \
	STATIC TARGETS USERCFLAGS USERLDFLAGS V HARNESS_SRC HARNESS_URL HARNESS_SHA256 CHECKS ARGS

top=$(mktemp -d "${TMPDIR:-/tmp}/build.XXXXXX") || exit 1
trap 'rm -rf -- "$top"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

src=$top/src
out=$top/out
ksrc=$top/ksrc
mkdir -p "$src/selftest/lock" "$src/tests" "$ksrc/tools/testing/selftests"
cp "$headers"/kselftest*.h "$ksrc/tools/testing/selftests/"
cp "$here/Makefile" "$here/config" "$here/settings" "$here/run_tests.sh" "$src/"
cp -R "$here/report" "$src/"
cp -R "$here/lib" "$here/model" "$here/preflight" "$src/"
rm -f "$src/preflight/preflight"
find "$src" \( -name '*.[do]' -o -name '*.a' \) -exec rm -f {} +
# Two programs are enough, and faster.
programs='aliasing alternation'
cp "$here"/tests/aliasing.c "$here"/tests/alternation.c "$src/tests/"
for header in "$here"/tests/*.h; do
	[ ! -f "$header" ] || cp "$header" "$src/tests/"
done
printf '%s\n' '#include "kselftest_harness.h"' 'TEST(one) { EXPECT_EQ(1, 1); }' \
	'TEST_HARNESS_MAIN' >"$src/selftest/lock/one.c"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

echo "TAP version 13"
count=0
failed=0

# $1: the claim; the rest: a command that must succeed.
check() {
	count=$((count + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $count $what"
	else
		failed=$((failed + 1))
		[ ! -s "$top/log" ] || sed 's/^/# /' "$top/log"
		echo "not ok $count $what"
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# Run make in the copy, with its output in the log.
build() {
	make -C "$src" -j"$jobs" KSRC="$ksrc" "$@" >"$top/log" 2>&1
}

# Run make without KSRC, to see where it looks for the headers.
bare() {
	make -s -C "$src" O="$out" "$@" >"$top/said" 2>"$top/log"
}

fails() {
	! "$@"
}

logged() {
	grep -q -e "$1" "$top/log"
}

# List everything in the folder $1, with checksums.
inventory() {
	(cd "$1" && find . -type d -o -print | sort | while read -r file; do
		[ -L "$file" ] || cksum "$file"
	done)
}

untouched() {
	[ "$before" = "$(inventory "$src")" ]
}

empty() {
	[ -z "$(find "$1" -mindepth 1)" ]
}

# ---- where things go ----

before=$(inventory "$src")
built() {
	build O="$out" "$@" && for program in $programs; do
		[ -x "$out/tests/$program" ] || return 1
	done
}
check "O= builds" built
check "without a warning" fails logged 'warning:'
check "O= leaves the source alone" untouched
check "programs lists the programs" [ "$(cat "$out/programs")" = "$(echo "$programs" | tr ' ' '\n')" ]
check "run_tests.sh is copied beside them" [ -x "$out/run_tests.sh" ]
runs() {
	"$1" >"$top/log" 2>&1 && grep -q '^1\.\.[1-9]' "$top/log"
}
check "a program runs by itself" runs "$out/tests/aliasing"
check "a second make" build O="$out"
check "a second make compiles nothing" fails logged '^  [CL]'

relative() {
	(cd "$src" && make -j"$jobs" O=../relative KSRC=../ksrc >"$top/log" 2>&1) &&
		[ -x "$top/relative/tests/aliasing" ] && untouched
}
check "O= and KSRC= may be relative" relative
chmod -R a-w "$src"
readonly_source() {
	[ -x "$top/relative/tests/aliasing" ] || return 1
	set -- build O="$top/relative" USERCFLAGS=-DREADONLY "$top/relative/run_tests.sh" \
		"$top/relative/tests/aliasing"
	"$@" && [ -w "$top/relative/run_tests.sh" ]
}
check "a read-only source builds with O=" readonly_source
chmod -R u+w "$src"
in_place() {
	build && [ -x "$src/tests/aliasing" ] && [ -f "$src/programs" ]
}
check "builds in the source" in_place
stale() {
	touch -d '-1 hour' "$src/tests/aliasing"
	KSRC=$ksrc "$src/run_tests.sh" -l >"$top/log" 2>&1 &&
		[ -n "$(find "$src/tests/aliasing" -mmin -30)" ]
}
check "run_tests.sh builds what is older than its source" stale
check "clean in the source" build clean
check "clean leaves the source alone" untouched
check "clean with O=" build O="$top/relative" clean
check "clean with O= leaves nothing" empty "$top/relative"

# ---- what is built again ----

# Make it newer than everything, without waiting for the clock.
touch -d '+2 seconds' "$src/lib/system/privilege.h"
check "a changed header" build O="$out"
check "a changed header compiles what includes it" logged 'CC *lib/system/privilege.o'
check "a changed header compiles nothing else" fails logged 'CC *lib/history/history.o'
check "a changed header links the programs again" logged 'LINK *tests/aliasing'
touch -d '-1 hour' "$src/lib/system/privilege.h"
check "changed flags" build O="$out" USERCFLAGS='-DQUOTED="\"a b'"'"'c\""'
check "changed flags compile everything" [ "$(grep -c 'CC ' "$top/log")" = "$(find "$src/lib" "$src/tests" "$src/preflight" -name '*.c' | wc -l)" ]
check "USERCFLAGS and USERLDFLAGS are used" fails build O="$out" USERLDFLAGS=-lno_such_library
check "V=1" build O="$out" V=1
check "V=1 shows the commands" logged '-Wall -Wextra -Wshadow'
check "a warning is an error with USERCFLAGS=-Werror" fails \
	build O="$out" USERCFLAGS='-Werror -include undeclared.h'

# ---- libcap ----

mkdir "$top/bin"
printf '%s\n' '#!/bin/sh' 'case " $* " in *" -lcap "*) exit 1 ;; esac' 'exec gcc "$@"' >"$top/bin/nocap"
chmod +x "$top/bin/nocap"
aliasing=$top/one/tests/aliasing
check "builds where libcap does not link" build O="$top/one" CC="$top/bin/nocap" "$aliasing"
check "without libcap: make says so" logged 'without libcap'
check "without libcap: the program is not linked with it" fails grep -q -e -lcap "$top/one/.flags"
check "LIBCAP=no" build O="$top/one" LIBCAP=no "$aliasing"
check "LIBCAP=no leaves libcap out" fails grep -q -e -lcap "$top/one/.flags"
if echo '#include <sys/capability.h>' | gcc -fsyntax-only -x c - 2>/dev/null; then
	check "LIBCAP=no does not last: the next make builds" build O="$top/one" "$aliasing"
	check "LIBCAP=no does not last: the next make links libcap" grep -q -e -lcap "$top/one/.flags"
else
	skip "LIBCAP=no does not last: the next make builds" "no libcap (libcap-dev)"
	skip "LIBCAP=no does not last: the next make links libcap" "no libcap (libcap-dev)"
fi

# ---- compilers ----

# Not by ldd, which may run the program.
is_static() {
	! readelf -lW "$1" | grep -q INTERP
}
if echo 'int main(void) { return 0; }' | gcc -static -x c - -o "$top/static" 2>/dev/null; then
	check "STATIC=1 builds" build O="$top/one" STATIC=1 "$aliasing"
	check "STATIC=1 builds a static program" is_static "$aliasing"
	check "STATIC=1: the program runs" runs "$aliasing"
else
	skip "STATIC=1 builds" "no static libc (libc6-dev)"
	skip "STATIC=1 builds a static program" "no static libc (libc6-dev)"
	skip "STATIC=1: the program runs" "no static libc (libc6-dev)"
fi
if have musl-gcc; then
	check "musl builds" build O="$top/one" CC=musl-gcc STATIC=1 "$aliasing"
	check "without a warning for musl" fails logged 'warning:'
	check "musl builds a static program" is_static "$aliasing"
	check "musl: the program runs" runs "$aliasing"
	check "musl: the program has nothing of the other libc" fails sh -c "strings -a '$aliasing' | grep -q 'GLIBC\|GNU C Library'"
else
	for what in "musl builds" "without a warning for musl" "musl builds a static program" \
		"musl: the program runs" "musl: the program has nothing of the other libc"; do
		skip "$what" "no musl-gcc (musl-tools)"
	done
fi
if have clang; then
	check "clang builds" build O="$top/one" CC=clang "$aliasing"
	check "without a warning of clang" fails logged 'warning:'
	check "clang: the program runs" runs "$aliasing"
else
	for what in "clang builds" "without a warning of clang" "clang: the program runs"; do
		skip "$what" "no clang"
	done
fi
check "clean of a musl build" build O="$top/one" clean
check "clean of a musl build leaves nothing" empty "$top/one"

# ---- install ----

check "install" build O="$out" INSTALL_PATH="$top/installed" install
check "install: the folder is flat and complete" [ "$(cd "$top/installed" && find . -type f | sort | tr '\n' ' ')" = \
	"$({
		printf './%s\n' aliasing alternation config preflight programs \
			run_tests.sh settings
		(cd "$here/report" && find . -type f)
	} | sort | tr '\n' ' ')" ]
check "install: the program runs" runs "$top/installed/aliasing"
check "install to nowhere fails" fails build O="$out" install
check "install to nowhere: the message says what is missing" logged 'INSTALL_PATH=DIR'

# ---- the kselftest headers ----

check "a KSRC= without headers fails" fails build O="$out" KSRC="$top/bin"
check "a KSRC= without headers: the message names it" logged "KSRC=$top/bin has no"
check "a KSRC= without headers: clean works" build O="$out" clean
check "a KSRC= without headers: clean leaves nothing" empty "$out"

# Make a kernel source of version $1 as in a distribution, with one more header.
usr_src=$top/usr_src
mkdir -p "$usr_src"
kernel_source() {
	selftests=$usr_src/linux-source-$1/tools/testing/selftests
	mkdir -p "$selftests"
	cp "$headers"/kselftest*.h "$selftests/"
	echo '#include "kselftest_more.h"' >>"$selftests/kselftest.h"
	echo '/* more */' >"$selftests/kselftest_more.h"
	echo '/* no more */' >"$selftests/kselftest_unused.h"
}
pack() {
	tar -C "$usr_src" -caf "$usr_src/linux-source-$1.tar.gz" "linux-source-$1" &&
		rm -rf "$usr_src/linux-source-$1"
}
for version in 9.9 9.10; do
	kernel_source $version
	pack $version
done
found() {
	bare show-harness HARNESS_SRC="$usr_src" && [ "$(cat "$top/said")" = "$1" ]
}
check "the newest tarball is found" found "$out/harness/linux-source-9.10"
check "the newest tarball: make says that it unpacks it" logged 'UNPACK.*linux-source-9.10.tar.gz'
check "the newest tarball: only headers that are included are unpacked" [ "$(cd "$out/harness" && find . -type f | sort | tr '\n' ' ')" = \
	"./linux-source-9.10/kselftest.h ./linux-source-9.10/kselftest_harness.h ./linux-source-9.10/kselftest_more.h " ]
check "the newest tarball is found a second time" found "$out/harness/linux-source-9.10"
check "the newest tarball is not unpacked again" fails logged UNPACK
bare clean
kernel_source 9.10
check "an unpacked source saves unpacking" found "$usr_src/linux-source-9.10/tools/testing/selftests"
mv "$usr_src/linux-source-9.10" "$usr_src/linux-mine"
printf '%s\n' '# SPDX-License-Identifier: GPL-2.0' 'VERSION = 9' 'PATCHLEVEL = 11' 'SUBLEVEL = 0' \
	'EXTRAVERSION =' >"$usr_src/linux-mine/Makefile"
check "a source's version is in its Makefile" found "$usr_src/linux-mine/tools/testing/selftests"
rm -rf "$usr_src/linux-mine"

gzip -dc "$usr_src/linux-source-9.10.tar.gz" | head -c 20000 | gzip >"$usr_src/linux-source-9.12.tar.gz"
check "a broken tarball fails" fails found "$out/harness/linux-source-9.12"
check "a broken tarball: the message names it" logged 'cannot unpack.*linux-source-9.12.tar.gz'
check "a broken tarball leaves no header" [ -z "$(find "$out" -name '*.h')" ]
# A tar that ends the script that unpacks.
mkdir "$top/killed"
cat >"$top/killed/tar" <<-EOF
	#!/bin/sh
	kill -TERM \$PPID
	exec $(command -v tar) "\$@"
EOF
chmod +x "$top/killed/tar"
rm -f "$usr_src/linux-source-9.12.tar.gz"
interrupted() {
	PATH=$top/killed:$PATH found "$out/harness/linux-source-9.10"
}
check "an interrupted make fails" fails interrupted
check "an interrupted make leaves no file" [ -z "$(find "$out" -type f)" ]
check "after an interrupted make the next one succeeds" found "$out/harness/linux-source-9.10"
bare clean

sums=
for header in kselftest.h kselftest_harness.h; do
	sum=$(sha256sum "$headers/$header")
	sums="$sums $header:${sum%% *}"
done
mkdir "$top/nothing"
download() {
	bare show-harness HARNESS_SRC="$top/nothing" "$@"
}
downloads() {
	download HARNESS_URL="file://$headers/%" HARNESS_SHA256="$sums" "$@" &&
		cmp "$headers/kselftest_harness.h" "$(cat "$top/said")/kselftest_harness.h" &&
		cmp "$headers/kselftest.h" "$(cat "$top/said")/kselftest.h"
}
if have curl; then
	check "without a source they are downloaded" downloads
	check "a download: make says so" logged FETCH
	check "a download is found a second time" downloads
	check "a download is kept" fails logged FETCH
	bare clean
	bad=$(echo "$sums" | sed 's/harness.h:..../harness.h:0000/')
	check "a wrong sha256 fails" fails download HARNESS_URL="file://$headers/%" HARNESS_SHA256="$bad"
	check "a wrong sha256: the message has both sums" logged "has sha256 [0-9a-f]*, not 0000"
	check "a wrong sha256 leaves no file" [ -z "$(find "$out" -type f)" ]
else
	for what in "without a source they are downloaded" "a download: make says so" \
		"a download is found a second time" "a download is kept" \
		"a wrong sha256 fails" "a wrong sha256: the message has both sums" \
		"a wrong sha256 leaves no file"; do
		skip "$what" "no curl"
	done
fi
check "headers that are nowhere fail" fails download HARNESS_URL="file://$top/nothing/%"
check "headers that are nowhere: the message says how to get them" logged 'KSRC=DIR'
mkdir "$top/tools"
ln -s /bin/* /usr/bin/* /usr/local/bin/* "$top/tools/" 2>/dev/null
rm -f "$top/tools/curl" "$top/tools/wget" "$top/tools/prove"
toolless() {
	PATH=$top/tools download
}
check "headers that are nowhere fail where nothing can download" fails toolless
check "headers that are nowhere: the message names curl and wget" logged 'neither curl nor wget'

# ---- make check ----

# A fake test of the project: $1 is its name, the rest its lines.
fake() {
	name=$src/selftest/$1.sh
	shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$name"
	chmod +x "$name"
}
fake good 'echo 1..2' 'echo ok 1 a' 'echo "ok 2 b # SKIP no"'
fake bad 'echo 1..2' 'echo ok 1 a' 'echo not ok 2 b'
fake short 'echo 1..2' 'echo ok 1 a'
fake status 'echo 1..1' 'echo ok 1 a' 'exit 3'
fake silent ':'
fake skipped 'echo "1..0 # SKIP no tool"' 'exit 4'
fake bail 'echo 1..1' 'echo ok 1 a' 'echo Bail out! why'
closes() {
	grep -qx "make check: $1" "$top/log"
}
judge_path=$PATH
judge() {
	PATH=$judge_path build O="$out" check CHECKS="$1"
}
judged() {
	check "make check $1" judge 'one good.sh'
	check "make check prints the counts $1" closes "2 passed, 0 failed"
	check "a check that skips everything passes $1" judge 'skipped.sh'
	check "a check that skips everything says why $1" logged '^  ok      skipped.sh: skipped, no tool$'
	for bad in bad short status silent bail; do
		check "a check that is $bad fails $1" fails judge "good.sh $bad.sh"
		check "a check that is $bad is counted $1" closes "1 passed, 1 failed"
	done
}
if have prove; then
	judged "with prove"
fi
judge_path=$top/tools
judged "without prove"

echo "1..$count"
[ "$failed" = 0 ]
