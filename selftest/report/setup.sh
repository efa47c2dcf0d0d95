#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --setup, of --self-test, and of the messages when parts are missing.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# A fake machine: a tree with a Makefile, a compiler and package managers.
machine=$top/machine
mkdir "$machine"
tools="awk basename cat cp cut date dirname env grep head id ls mkdir mktemp rm sed sh sleep sort
	stat tail touch tr true uname wc find chmod cmp"
new_machine() {
	rm -rf "$machine"
	mkdir -p "$machine/bin" "$machine/tree" "$machine/include"
	for tool in $tools; do
		ln -s "$(command -v "$tool")" "$machine/bin/$tool" 2>/dev/null
	done
	rm -f "$machine/bin/id"
	cat >"$machine/bin/id" <<-END
	#!/bin/sh
	cat "$machine/uid"
	END
	chmod +x "$machine/bin/id"
	echo "${1:-0}" >"$machine/uid"
	install_flat "$machine/tree"
	: >"$machine/tree/Makefile"
	# The parts that can be installed.
	mkdir "$machine/parts"
	cat >"$machine/parts/make" <<-END
	#!/bin/sh
	case \$* in
	*show-harness*)
		[ ! -e "$machine/harness" ] || exit 0
		echo "kselftest_harness.h: nowhere" >&2
		exit 1 ;;
	*check*)
		echo "checked: \$*"
		[ ! -e "$machine/failing" ] || exit 2
		exit 0 ;;
	esac
	if [ -e "$machine/failing" ]; then
		echo "tests/aliasing.c:1: error: no"
		exit 2
	fi
	mkdir -p "$machine/tree/tests"
	cp "$here/fake/program" "$machine/tree/tests/aliasing"
	echo "promise.ofd.a ok" >"$machine/tree/tests/aliasing.table"
	echo aliasing >"$machine/tree/programs"
	echo "built"
	END
	cat >"$machine/parts/gcc" <<-END
	#!/bin/sh
	read -r _ header
	header=\${header#<}
	[ -e "$machine/include/\${header%>}" ]
	END
	ln -s "$(command -v timeout)" "$machine/parts/timeout"
	cat >"$machine/parts/manager" <<-END
	#!/bin/sh
	echo "\${0##*/} \$*" >>"$machine/log"
	[ ! -e "$machine/no_network" ] || exit 100
	for part in "\$@"; do
		case \$part in
		make|gcc)	cp "$machine/parts/\$part" "$machine/bin" ;;
		coreutils)	cp -P "$machine/parts/timeout" "$machine/bin" ;;
		*libc*dev*|glibc*|musl-dev)
			mkdir -p "$machine/include/linux"
			: >"$machine/include/linux/futex.h"
			: >"$machine/include/stdlib.h" ;;
		linux-source*|kernel-source|curl) : >"$machine/harness" ;;
		esac
		case \$part in
		libcap*)	mkdir -p "$machine/include/sys"
				: >"$machine/include/sys/capability.h" ;;
		esac
	done
	exit 0
	END
	# Except timeout, a link to the real one.
	chmod +x "$machine/parts/make" "$machine/parts/gcc" "$machine/parts/manager"
}

# Put the parts $* on the machine.
give() {
	for part in "$@"; do
		case $part in
		libc)	mkdir -p "$machine/include/linux"
			: >"$machine/include/linux/futex.h"
			: >"$machine/include/stdlib.h" ;;
		libcap)	mkdir -p "$machine/include/sys"
			: >"$machine/include/sys/capability.h" ;;
		harness) : >"$machine/harness" ;;
		apt-get|dnf|apk|zypper|pacman) cp "$machine/parts/manager" "$machine/bin/$part" ;;
		apt-cache)
			printf '#!/bin/sh\necho "Package: x"\n' >"$machine/bin/apt-cache"
			chmod +x "$machine/bin/apt-cache" ;;
		*)	cp -P "$machine/parts/$part" "$machine/bin" ;;
		esac
	done
}

on_machine() {
	ran="run_tests.sh $*"
	: >"$machine/log"
	# shellcheck disable=SC2086 # words
	PATH=$machine/bin $machine_shell "$machine/tree/run_tests.sh" "$@" \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
}
# busybox sh has the missing commands built in.
# shellcheck disable=SC2086 # words
case $SH in
busybox*) set -- sh ;;
*) set -- $SH ;;
esac
machine_shell="$(command -v "$1")"
shift
machine_shell="$machine_shell $*"

new_machine
give make gcc libc libcap harness timeout
on_machine
is "not built: it builds, and runs" $rc 0
has "not built: the tests run after the build" out '^ok 1 aliasing$'
has_not "not built: it builds quietly" err 'built'
is "not built: nothing is installed" "$(cat "$machine/log")" ""
well_formed "not built"
give apt-get
on_machine --setup
is "--setup with nothing missing: the exit status is 0" $rc 0
is "--setup with nothing missing: nothing is installed" "$(cat "$machine/log")" ""
has_not "--setup with nothing missing: prints nothing about it" err 'missing\|install'
on_machine --setup --self-test
is "--setup --self-test: the exit status is 0" $rc 0
has "--setup --self-test: runs make check" out '^checked: .* check$'
: >"$machine/failing"
on_machine --self-test
is "--self-test that fails: the exit status is 1" $rc 1
rm "$machine/tree/Makefile"
on_machine --self-test
is "--self-test without the source: the exit status is 2" $rc 2
has "--self-test without the source: the message says why" err \
	'^run_tests.sh: --self-test: no Makefile'

new_machine
give make gcc libc libcap harness timeout
: >"$machine/failing"
on_machine
is "a build that fails: the exit status is 2" $rc 2
has "a build that fails: the errors are shown" err '^tests/aliasing.c:1: error: no$'
has "a build that fails: a message of run_tests.sh follows" err \
	'^run_tests.sh: the programs could not be built'
is "a build that fails: prints no KTAP" "$(cat "$top/out")" ""
clean_after "a build that fails"

lacks() {
	what=$1
	on_machine
	got=0
	[ $rc = 2 ] && [ ! -s "$top/out" ] && [ "$(grep -c '' "$top/err")" = 1 ] || got=1
	grep -q "^run_tests.sh: $2" "$top/err" || got=1
	[ ! -s "$machine/log" ] || got=1
	result $got "the message names what is missing: $what" \
		"expected: $2; log: $(cat "$machine/log")"
}
install='apt-get install -y --no-install-recommends'
new_machine
give apt-get gcc libc libcap harness timeout
lacks make "missing: make.*: $install make"
give make
rm "$machine/bin/timeout"
lacks timeout "missing: timeout; install it: $install coreutils (or everything: .*--setup)"
give timeout
rm "$machine/include/stdlib.h"
lacks "the headers of libc" "missing: the headers of libc and the kernel; .* libc6-dev"
give libc
rm "$machine/harness"
lacks "kselftest_harness.h" "missing: kselftest_harness.h; .* linux-source"
echo 1000 >"$machine/uid"
lacks "to an ordinary user" "missing: kselftest_harness.h; .* \(su -c\|sudo\) .*linux-source"
rm "$machine/bin/apt-get"
lacks "without a package manager" 'kselftest_harness.h: .*nowhere; KSRC=DIR names a kernel tree'
rm "$machine/bin/make"
lacks "make, without a package manager" "missing: make.*; install it with this system"
rm "$machine/bin/gcc"
give apk make libc
lacks "for another manager" "missing: gcc.*apk add gcc"

for manager in apt-get dnf apk zypper pacman; do
	new_machine
	give $manager
	on_machine --setup
	is "--setup from nothing: $manager: the exit status is 0" $rc 0
	has "--setup from nothing: $manager: runs the tests" out '^ok 1 aliasing$'
	has "--setup from nothing: $manager: announces the command" err \
		"^run_tests.sh: missing: .*; installing: $manager .*make.*gcc.*libcap"
	grep -q "^$manager .*make gcc .*libcap" "$machine/log"
	result $? "--setup from nothing: $manager: installs all with one command" \
		"$(cat "$machine/log")"
	well_formed "--setup from nothing: $manager"
	cp "$machine/log" "$machine/log1"
	on_machine --setup
	is "--setup again: $manager: installs nothing" "$(cat "$machine/log")" ""
done
new_machine
give apt-get
on_machine --setup
is "--setup: fetches empty package lists first" "$(head -n 1 "$machine/log")" \
	"apt-get -q update"
new_machine
give apt-get apt-cache
on_machine --setup
has "--setup: announces the installation of known packages" err 'installing: apt-get'
[ "$(head -n 1 "$machine/log" | cut -c 1-16)" = "apt-get install " ]
result $? "--setup: known packages need no update" "$(cat "$machine/log")"
new_machine 1000
give apt-get make gcc libc harness
on_machine --setup
is "--setup, not root: the exit status is 2" $rc 2
is "--setup, not root: nothing is installed" "$(cat "$machine/log")" ""
is "--setup, not root: prints one line" "$(grep -c '' "$top/err")" 1
has "--setup, not root: names the command to type" err \
	"; type: \(sudo\|su -c\) .*run_tests.sh --setup'*$"
give libcap timeout
on_machine --setup
is "--setup, not root, nothing missing: the exit status is 0" $rc 0
new_machine
give apt-get
: >"$machine/no_network"
on_machine --setup
is "--setup that fails: the exit status is 2" $rc 2
has "--setup that fails: names the command" err '^run_tests.sh: this failed: apt-get install '
is "--setup that fails: prints no KTAP" "$(cat "$top/out")" ""

finish
