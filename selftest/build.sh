#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the Makefile and of lib/claim/harness.mk on a copy of the source, in TAP 13.
# LOCKFAIR_HARNESS=DIR has the kselftest headers; otherwise make is asked.

set -u
export LC_ALL=C
here=$(cd -- "$(dirname -- "$0")/.." && pwd)
headers=${LOCKFAIR_HARNESS:-$(make -s -C "$here" show-harness)} || exit 1
# What the make above us was told is not for the makes below.
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
cp -R "$here/lib" "$here/model" "$src/"
find "$src" \( -name '*.[do]' -o -name '*.a' \) -exec rm -f {} +
# Two are as good as all, and faster.
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

# The check $1 is the rest of the arguments, a command that succeeds.
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

# make in the copy; all it says goes to the log
build() {
	make -C "$src" -j"$jobs" KSRC="$ksrc" "$@" >"$top/log" 2>&1
}

# make without KSRC, to see where it looks for the headers
bare() {
	make -s -C "$src" O="$out" "$@" >"$top/said" 2>"$top/log"
}

fails() {
	! "$@"
}

logged() {
	grep -q -e "$1" "$top/log"
}

# Everything in the folder $1, with a sum of its contents.
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
check "the list of programs" [ "$(cat "$out/programs")" = "$(echo "$programs" | tr ' ' '\n')" ]
check "run_tests.sh stands beside it" [ -x "$out/run_tests.sh" ]
runs() {
	"$1" >"$top/log" 2>&1 && grep -q '^1\.\.[1-9]' "$top/log"
}
check "a program runs by itself" runs "$out/tests/aliasing"
check "a second make" build O="$out"
check "compiles nothing" fails logged '^  [CL]'

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
check "leaves the source alone" untouched
check "clean with O=" build O="$top/relative" clean
check "leaves nothing in it" empty "$top/relative"

# ---- what is built anew ----

# Newer than everything, without waiting for the clock to move on.
touch -d '+2 seconds' "$src/lib/system/privilege.h"
check "a changed header" build O="$out"
check "compiles what includes it" logged 'CC *lib/system/privilege.o'
check "and nothing else" fails logged 'CC *lib/history/history.o'
check "and links again" logged 'LINK *tests/aliasing'
touch -d '-1 hour' "$src/lib/system/privilege.h"
check "changed flags" build O="$out" USERCFLAGS='-DQUOTED="\"a b'"'"'c\""'
check "compile everything" [ "$(grep -c 'CC ' "$top/log")" = "$(find "$src/lib" "$src/tests" -name '*.c' | wc -l)" ]
check "USERCFLAGS and USERLDFLAGS are used" fails build O="$out" USERLDFLAGS=-lno_such_library
check "V=1" build O="$out" V=1
check "shows the commands" logged '-Wall -Wextra -Wshadow'
check "a warning is an error with USERCFLAGS=-Werror" fails \
	build O="$out" USERCFLAGS='-Werror -include undeclared.h'

# ---- libcap ----

mkdir "$top/bin"
printf '%s\n' '#!/bin/sh' 'case " $* " in *" -lcap "*) exit 1 ;; esac' 'exec gcc "$@"' >"$top/bin/nocap"
chmod +x "$top/bin/nocap"
aliasing=$top/one/tests/aliasing
check "builds where libcap does not link" build O="$top/one" CC="$top/bin/nocap" "$aliasing"
check "and says so" logged 'without libcap'
check "without it in the program" fails grep -q -e -lcap "$top/one/.flags"
check "LIBCAP=no" build O="$top/one" LIBCAP=no "$aliasing"
check "leaves it out" fails grep -q -e -lcap "$top/one/.flags"
if echo '#include <sys/capability.h>' | gcc -fsyntax-only -x c - 2>/dev/null; then
	check "and is forgotten by the next make" build O="$top/one" "$aliasing"
	check "which links libcap again" grep -q -e -lcap "$top/one/.flags"
else
	skip "and is forgotten by the next make" "no libcap (libcap-dev)"
	skip "which links libcap again" "no libcap (libcap-dev)"
fi

# ---- compilers ----

# Not ldd, which asks a program by running it.
is_static() {
	! readelf -lW "$1" | grep -q INTERP
}
if echo 'int main(void) { return 0; }' | gcc -static -x c - -o "$top/static" 2>/dev/null; then
	check "STATIC=1 builds" build O="$top/one" STATIC=1 "$aliasing"
	check "a static program" is_static "$aliasing"
	check "that runs" runs "$aliasing"
else
	skip "STATIC=1 builds" "no static libc (libc6-dev)"
	skip "a static program" "no static libc (libc6-dev)"
	skip "that runs" "no static libc (libc6-dev)"
fi
if have musl-gcc; then
	check "musl builds" build O="$top/one" CC=musl-gcc STATIC=1 "$aliasing"
	check "without a warning for musl" fails logged 'warning:'
	check "a static musl program" is_static "$aliasing"
	check "that runs with musl" runs "$aliasing"
	check "and has nothing of the other libc" fails sh -c "strings -a '$aliasing' | grep -q 'GLIBC\|GNU C Library'"
else
	for what in "musl builds" "without a warning for musl" "a static musl program" \
		"that runs with musl" "and has nothing of the other libc"; do
		skip "$what" "no musl-gcc (musl-tools)"
	done
fi
if have clang; then
	check "clang builds" build O="$top/one" CC=clang "$aliasing"
	check "without a warning of clang" fails logged 'warning:'
	check "and runs" runs "$aliasing"
else
	for what in "clang builds" "without a warning of clang" "and runs"; do
		skip "$what" "no clang"
	done
fi
check "clean of a musl build" build O="$top/one" clean
check "leaves nothing" empty "$top/one"

# ---- install ----

check "install" build O="$out" INSTALL_PATH="$top/installed" install
check "is flat and complete" [ "$(cd "$top/installed" && find . -type f | sort | tr '\n' ' ')" = \
	"$({
		printf './%s\n' aliasing alternation config programs run_tests.sh settings
		(cd "$here/report" && find . -type f)
	} | sort | tr '\n' ' ')" ]
check "and runs" runs "$top/installed/aliasing"
check "install to nowhere fails" fails build O="$out" install
check "and says what is missing" logged 'INSTALL_PATH=DIR'

# ---- the kselftest headers ----

check "a KSRC= without headers fails" fails build O="$out" KSRC="$top/bin"
check "and names it" logged "KSRC=$top/bin has no"
check "but does not keep clean from cleaning" build O="$out" clean
check "which leaves nothing" empty "$out"

# A kernel source of version $1 as distributions have it, with one header more.
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
check "and said to be unpacked" logged 'UNPACK.*linux-source-9.10.tar.gz'
check "what a header includes comes along, nothing else" [ "$(cd "$out/harness" && find . -type f | sort | tr '\n' ' ')" = \
	"./linux-source-9.10/kselftest.h ./linux-source-9.10/kselftest_harness.h ./linux-source-9.10/kselftest_more.h " ]
check "the second time" found "$out/harness/linux-source-9.10"
check "it is not unpacked again" fails logged UNPACK
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
check "and is named" logged 'cannot unpack.*linux-source-9.12.tar.gz'
check "and leaves no header" [ -z "$(find "$out" -name '*.h')" ]
# In the middle of its work the one that unpacks is ended.
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
check "an interrupted one fails" fails interrupted
check "and leaves no file" [ -z "$(find "$out" -type f)" ]
check "and the next succeeds" found "$out/harness/linux-source-9.10"
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
	check "which is said" logged FETCH
	check "once" downloads
	check "and kept" fails logged FETCH
	bare clean
	bad=$(echo "$sums" | sed 's/harness.h:..../harness.h:0000/')
	check "a wrong sha256 fails" fails download HARNESS_URL="file://$headers/%" HARNESS_SHA256="$bad"
	check "and says both sums" logged "has sha256 [0-9a-f]*, not 0000"
	check "and leaves no file" [ -z "$(find "$out" -type f)" ]
else
	for what in "without a source they are downloaded" "which is said" once "and kept" \
		"a wrong sha256 fails" "and says both sums" "and leaves no file"; do
		skip "$what" "no curl"
	done
fi
check "headers that are nowhere fail" fails download HARNESS_URL="file://$top/nothing/%"
check "and it says what brings them" logged 'KSRC=DIR'
mkdir "$top/tools"
ln -s /bin/* /usr/bin/* /usr/local/bin/* "$top/tools/" 2>/dev/null
rm -f "$top/tools/curl" "$top/tools/wget" "$top/tools/prove"
toolless() {
	PATH=$top/tools download
}
check "as they do where nothing can download" fails toolless
check "which is said, too" logged 'neither curl nor wget'

# ---- make check ----

# One pretended test of the project: $1 is its name, the rest its lines.
pretend() {
	name=$src/selftest/$1.sh
	shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$name"
	chmod +x "$name"
}
pretend good 'echo 1..2' 'echo ok 1 a' 'echo "ok 2 b # SKIP no"'
pretend bad 'echo 1..2' 'echo ok 1 a' 'echo not ok 2 b'
pretend short 'echo 1..2' 'echo ok 1 a'
pretend status 'echo 1..1' 'echo ok 1 a' 'exit 3'
pretend silent ':'
pretend skipped 'echo "1..0 # SKIP no tool"' 'exit 4'
pretend bail 'echo 1..1' 'echo ok 1 a' 'echo Bail out! why'
closes() {
	grep -qx "make check: $1" "$top/log"
}
judge_path=$PATH
judge() {
	PATH=$judge_path build O="$out" check CHECKS="$1"
}
judged() {
	check "make check $1" judge 'one good.sh'
	check "closes with the counts $1" closes "2 passed, 0 failed"
	check "a check that skips everything passes $1" judge 'skipped.sh'
	check "and says why ($1)" logged '^  ok      skipped.sh: skipped, no tool$'
	for bad in bad short status silent bail; do
		check "a check that is $bad fails $1" fails judge "good.sh $bad.sh"
		check "and is counted ($bad, $1)" closes "1 passed, 1 failed"
	done
}
if have prove; then
	judged "with prove"
fi
judge_path=$top/tools
judged "without prove"

echo "1..$count"
[ "$failed" = 0 ]
