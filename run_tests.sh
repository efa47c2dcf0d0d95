#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests and say what they found; -h tells how.
#
# stdout is KTAP version 1 and nothing else. What is for people goes to stderr,
# after it. Nothing is installed without --setup.
#
# A test program lists its ids with -l, FILE:CLASS.KIND.CLAIM, and runs those that
# match -t GLOB. It reads LOCKFAIR_DIR, LOCKFAIR_STOP (after how many unexpected results it
# ends), LOCKFAIR_DEADLINE, LOCKFAIR_EFFORT and LOCKFAIR_STRICT, and on SIGTERM it draws
# what the running test was at and ends, with all that it has started.

set -u
set -f
export LC_ALL=C
unset CDPATH

newline='
'
tab='	'
me=run_tests.sh

usage() {
	cat <<-'END'
	usage: run_tests.sh [OPTION]...
	What may a program rely on when it takes a file lock?
	KTAP on stdout, then a table and the answer on stderr.

	  -l, --list            list the ids of the tests, FILE:CLASS.KIND.CLAIM
	  -t, --test GLOB       run the tests whose id matches; may be repeated
	  -n, --repeat N        run everything N times
	  -x, --stop            stop at the first unexpected result
	  -d, --directory DIR   put the lock files into DIR (default: memfd)
	  -o, --output DIR      keep the raw TAP, results.ktap, summary.txt and the histories of
	                        what did not hold in DIR
	  -s, --strict          an expected failure is a failure: FIFO, or exit 1
	  -v, --verbose         a row for every claim, where there would be one a file
	      --figures         no tests: what the locks cost, and how evenly they are
	                        shared; with -o DIR also TSV and plots
	      --rounds N        of figures, so many (default: what some 30 s allow)
	      --setup           install what is missing (as root), build, go on
	      --self-test       run the project's own tests instead (make check)

	  -k, --kernel SPEC     run under another kernel, in a machine made for it; may
	                        be repeated: an image, a built kernel tree,
	                        debian:6.12, debian:7.3-rt, uml, gvisor (as root), host
	      --vm qemu|vng     boot with an initramfs of ours, or by virtme-ng (qemu)
	      --cpus N          of that machine, if QEMU is it (2)
	      --memory MIB      likewise (1024)
	      --append ARGS     more for that kernel's command line
	      --matrix          compare kernels: those of kernels/matrix.list, or of
	                        --kernels FILE, --jobs N at a time (2); -o has a page
	      --bisect ID       judge the kernel tree in the current directory by one
	                        test, for git bisect run; with --expect pass|fail,
	                        --runs N, --panic-is-bad (kernels/bisect tells more)

	  -h, --help            this

	exit status: 0 all as expected, 1 a failure or an unfair control,
	2 wrong usage or missing parts, 4 nothing ran, or no file lock could be had.
	LOCKFAIR_TIME_LIMIT=SECONDS is the time limit of a program (120).
	example: run_tests.sh -d /mnt/nfs -t 'barging:*' -t '*.flock.*'
	END
}

die() {
	printf '%s: %s\n' "$me" "$*" >&2
	exit 2
}

# ---- ending ----

child=
work=
locks=
progress_shown=

# A program has a second to end by itself. timeout(1) may lead a group of its own, and does
# not pass on SIGKILL.
# shellcheck disable=SC2317 # called by a trap
end_child() {
	[ -n "$child" ] || return 0
	kill -TERM "$child" 2>/dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$child" 2>/dev/null || break
		sleep 0.1 2>/dev/null || sleep 1
	done
	kill -KILL "-$child" 2>/dev/null
	kill -KILL "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	child=
}

# shellcheck disable=SC2317 # a trap
tidy() {
	trap '' HUP INT PIPE TERM
	end_child
	progress
	[ -z "$work" ] || rm -rf -- "$work"
	[ -z "$locks" ] || rm -rf -- "$locks"
}

# Signals are not handled while a command runs in the foreground, hence attend().
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

attend() {
	"$@" &
	child=$!
	# Shells that tell who was killed tell it here.
	wait "$child" 2>/dev/null
	set -- $?
	child=
	return "$1"
}

# A line on a terminal, wiped out by the next one; no argument: wiped out.
progress() {
	[ -t 2 ] && [ "${TERM:-dumb}" != dumb ] || return 0
	[ -n "$progress_shown$*" ] || return 0
	printf '\r\033[K%s' "$*" >&2
	progress_shown=$*
}

# Lines of KTAP. Whoever read them may have gone, and SIGPIPE may be ignored.
ktap=
say() {
	printf '%s\n' "$@" 2>/dev/null || exit 141
	[ -z "$ktap" ] || printf '%s\n' "$@" >>"$ktap"
}

# ---- the command line ----

globs=
repeat=1
stop=
directory=${LOCKFAIR_DIR-}
output=
strict=
[ "${LOCKFAIR_STRICT-}" != 1 ] || strict=1
verbose=
list=
setup=
self_test=
figures=
rounds=
again=./$me
others=
matrix=
matrix_options=
specs=
machine_options=

wants() {
	[ "$2" -gt 1 ] || die "$1 needs a value"
}

# To git bisect run, 2 would be a bad commit: not even a wrong option is for us then.
for option in "$@"; do
	case $option in
	--bisect|--bisect=*)
		bisect=$(dirname -- "$0")/kernels/bisect
		[ ! -x "$bisect" ] || exec "$bisect" "$@"
		printf '%s: --bisect needs the folder kernels of the source tree\n' "$me" >&2
		exit 128 ;;
	esac
done

while [ $# -gt 0 ]; do
	case $1 in
	--*=*)
		option=${1%%=*}
		value=${1#*=}
		case $option in
		--test|--repeat|--directory|--output|--rounds) ;;
		--kernel|--kernels|--jobs|--vm|--cpus|--memory|--append) ;;
		*) die "unknown option $1 (-h lists them)" ;;
		esac
		shift
		set -- "$option" "$value" "$@"
		continue ;;
	-[hlxsv]?*)
		option=${1%"${1#-?}"}
		value=-${1#-?}
		shift
		set -- "$option" "$value" "$@"
		continue ;;
	-[tndok]?*)
		option=${1%"${1#-?}"}
		value=${1#-?}
		shift
		set -- "$option" "$value" "$@"
		continue ;;
	esac
	case $1 in
	-h|--help)	usage 2>/dev/null; exit 0 ;;
	-l|--list)	list=1 ;;
	-x|--stop)	stop=1 ;;
	-s|--strict)	strict=1 ;;
	-v|--verbose)	verbose=1 ;;
	--setup)	setup=1 ;;
	--self-test)	self_test=1 ;;
	--figures)	figures=1 ;;
	-t|--test)
		wants "$1" $#
		shift
		case $1 in
		''|*"$newline"*) die "-t: no test matches '$(printf %s "$1" | tr '\n' ' ')'" ;;
		esac
		globs=$globs$1$newline ;;
	--rounds)
		wants "$1" $#
		shift
		rounds=$1
		case $rounds in
		''|*[!0-9]*|0*|????*) die "--rounds: '$rounds' is not a number from 1 to 999" ;;
		esac ;;
	-n|--repeat)
		wants "$1" $#
		shift
		repeat=$1
		case $repeat in
		''|*[!0-9]*|0*|???????*) die "-n: '$repeat' is not a number from 1 to 999999" ;;
		esac ;;
	-d|--directory)
		wants "$1" $#
		shift
		directory=$1
		[ -n "$directory" ] || die "-d: the name is empty" ;;
	-o|--output)
		wants "$1" $#
		shift
		output=$1
		[ -n "$output" ] || die "-o: the name is empty" ;;
	-k|--kernel)
		wants "$1" $#
		shift
		case $1 in
		''|*"$newline"*) die "-k: no kernel '$(printf %s "$1" | tr '\n' ' ')'" ;;
		esac
		specs=$specs$1$newline ;;
	--matrix) matrix=1 ;;
	--kernels|--jobs)
		wants "$1" $#
		case $2 in
		''|*"$newline"*) die "$1: '$(printf %s "$2" | tr '\n' ' ')' is no value for it" ;;
		esac
		matrix_options=$matrix_options$1$newline$2$newline
		shift ;;
	--vm|--cpus|--memory|--append)
		wants "$1" $#
		case $2 in
		''|*"$newline"*) die "$1: '$(printf %s "$2" | tr '\n' ' ')' is no value for it" ;;
		esac
		machine_options=$machine_options$1$newline$2$newline
		shift ;;
	-?*)	die "unknown option $1 (-h lists them)" ;;
	*)	die "unknown argument '$1' (a test is chosen by -t GLOB; -h tells more)" ;;
	esac
	case $1 in
	--self-test|--setup) ;;
	*) others=1 ;;
	esac
	shift
done

[ -z "$self_test" ] || [ -z "$others" ] || die "--self-test takes no other option but --setup"
[ -n "$figures" ] || [ -z "$rounds" ] || die "--rounds is for --figures"
if [ -n "$figures" ]; then
	case $globs$stop$strict$verbose$list$repeat in
	1) ;;
	*) die "--figures goes with --rounds, -d, -o, -k and --setup alone" ;;
	esac
fi

limit=${LOCKFAIR_TIME_LIMIT:-120}
case $limit in
''|*[!0-9]*|0*|???????*) die "LOCKFAIR_TIME_LIMIT: '$limit' is not a number of seconds" ;;
esac

# Nobody there to read stderr is no reason to fail.
true >&2 || exec 2>/dev/null

case $0 in
*/*)	here=${0%/*} ;;
*)	here=. ;;
esac
here=$(cd -- "${here:-/}" && pwd) || exit 2

# ---- another kernel ----

# All of it is done by kernels/run or kernels/matrix, which call this script again.
if [ -n "$specs$matrix" ]; then
	[ -x "$here/kernels/run" ] ||
		die "-k and --matrix need the folder kernels of the source tree"
	[ -z "$setup$list" ] || die "-k and --matrix take neither --setup nor -l"
	[ -z "$specs" ] || [ -z "$matrix" ] ||
		die "-k does not go with --matrix: --kernels FILE names kernels"
	[ -n "$matrix" ] || [ -z "$matrix_options" ] ||
		die "--kernels and --jobs belong to --matrix"
	[ -z "$figures" ] || [ -z "$matrix" ] || die "--figures goes with -k, not with --matrix"
	IFS=$newline
	set --
	for spec in $specs; do
		set -- "$@" -k "$spec"
	done
	# shellcheck disable=SC2086 # a line is a word
	set -- "$@" $machine_options $matrix_options
	[ -z "$output" ] || set -- "$@" -o "$output"
	set -- "$@" --
	for glob in $globs; do
		set -- "$@" -t "$glob"
	done
	unset IFS
	[ -z "$figures" ] || set -- "$@" --figures
	[ -z "$rounds" ] || set -- "$@" --rounds "$rounds"
	[ -z "$stop" ] || set -- "$@" -x
	[ -z "$strict" ] || set -- "$@" -s
	[ -z "$verbose" ] || set -- "$@" -v
	[ -z "$directory" ] || set -- "$@" -d "$directory"
	[ "$repeat" = 1 ] || set -- "$@" -n "$repeat"
	[ -z "$matrix" ] || exec "$here/kernels/matrix" "$@"
	exec "$here/kernels/run" "$@"
fi
[ -z "$machine_options" ] || die "--vm, --cpus, --memory and --append belong to -k and --matrix"
[ -z "$matrix_options" ] || die "--kernels and --jobs belong to --matrix"

# ---- what is needed ----

have() {
	command -v "$1" >/dev/null 2>&1
}

# Not cc: the Makefile's default is gcc, as everywhere in kselftest.
compiler=${CC:-${CROSS_COMPILE-}gcc}

compiles() {
	# shellcheck disable=SC2086 # CC may come with options
	printf '#include <%s>\n' "$1" | $compiler -E - >/dev/null 2>&1
}

manager() {
	for found in apt-get dnf apk zypper pacman; do
		if have "$found"; then
			echo "$found"
			return
		fi
	done
	echo none
}

os_release() {
	[ -r /etc/os-release ] || return 0
	sed -n "s/^$1=//p" /etc/os-release | tr -d '"'
}

# The package of part $1.
package() {
	case $with:$1 in
	*:make|*:gcc)		echo "$1" ;;
	*:timeout)		echo coreutils ;;
	apt-get:awk)		echo mawk ;;
	*:awk)			echo gawk ;;
	apt-get:libc)		echo libc6-dev ;;
	dnf:libc)		echo glibc-devel kernel-headers ;;
	apk:libc)		echo musl-dev linux-headers ;;
	zypper:libc)		echo glibc-devel linux-glibc-devel ;;
	pacman:libc)		echo glibc linux-api-headers ;;
	apt-get:libcap|apk:libcap) echo libcap-dev ;;
	pacman:libcap)		echo libcap ;;
	*:libcap)		echo libcap-devel ;;
	# The harness: from the kernel's source, or else the Makefile downloads it.
	apt-get:harness)
		if [ "$(os_release ID) $(os_release VERSION_ID)" = "debian 12" ]; then
			echo linux-source-6.1
		else
			echo linux-source
		fi
		have xz || echo xz-utils ;;
	zypper:harness)
		echo kernel-source
		have xz || echo xz ;;
	*:harness)
		have curl || have wget || echo curl ;;
	esac
}

install_command() {
	case $with in
	apt-get) echo "apt-get install -y --no-install-recommends" ;;
	dnf)	echo "dnf install -y" ;;
	apk)	echo "apk add" ;;
	zypper)	echo "zypper --non-interactive install" ;;
	pacman)	echo "pacman -Sy --needed --noconfirm" ;;
	esac
}

packages() {
	for part in "$@"; do
		package "$part"
	done
}

# The command that brings the parts $*.
remedy() {
	# shellcheck disable=SC2046 # words
	set -- $(packages "$@")
	[ $# -eq 0 ] || [ "$with" = none ] || echo "$(install_command) $*"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		echo "$*"
	elif have sudo; then
		echo "sudo $*"
	else
		echo "su -c '$*'"
	fi
}

# What a run needs; what a build needs in addition.
missing_to_run() {
	for part in timeout awk; do
		have "$part" || echo "$part"
	done
}

# The kernel sources a distribution may have unpacked or packed: only if make cannot be asked.
harness_is_there() {
	if have make && have "${compiler%% *}"; then
		harness_trouble=$(make -s -C "$here" show-harness 2>&1 >/dev/null)
		return
	fi
	harness_trouble="no kernel source in /usr/src"
	[ -n "${KSRC-}" ] && return
	set +f
	for source in /usr/src/linux-source-*.tar.* /usr/src/linux*/tools; do
		[ ! -e "$source" ] || { set -f; return 0; }
	done
	set -f
	return 1
}

missing_to_build() {
	have make || echo make
	if ! have "${compiler%% *}"; then
		echo gcc
	elif ! compiles stdlib.h || ! compiles linux/futex.h; then
		echo libc
	fi
	harness_is_there || echo harness
}

# Without a compiler nobody knows of headers; to install them again does no harm.
missing_to_be_complete() {
	have "${compiler%% *}" || echo libc
	compiles sys/capability.h || echo libcap
}

in_words() {
	for part in "$@"; do
		case $part in
		libc)		echo "the headers of libc and the kernel" ;;
		libcap)		echo "the headers of libcap" ;;
		harness)	echo "kselftest_harness.h" ;;
		*)		echo "$part" ;;
		esac
	done | awk 'NR > 1 { printf ", " } { printf "%s", $0 }' 2>/dev/null || echo "$*"
}

# Parts $* are missing, and nothing may be installed.
lacking() {
	with=$(manager)
	command=$(remedy "$@")
	if [ -n "$command" ]; then
		die "missing: $(in_words "$@"); this brings it: $(as_root "$command")" \
			"(or all at once: $(as_root "$0 --setup"))"
	fi
	if [ "$*" = harness ]; then
		harness_is_there
		die "kselftest_harness.h: $harness_trouble; KSRC=DIR names a kernel tree"
	fi
	die "missing: $(in_words "$@"); install it with this system's package manager"
}

apt_knows() {
	for name in "$@"; do
		apt-cache show "$name" 2>/dev/null | grep -q . || return 1
	done
}

# The lists of a bare image are empty, and those of an old one name what is gone.
install_parts() {
	command=$(remedy "$@")
	[ -n "$command" ] || lacking "$@"
	if [ "$(id -u)" != 0 ]; then
		die "missing: $(in_words "$@"); type: $(as_root "$0 --setup")"
	fi
	printf '%s: missing: %s; installing: %s\n' "$me" "$(in_words "$@")" "$command" >&2
	# shellcheck disable=SC2046,SC2086 # words
	(
		exec >&2
		if [ "$with" = apt-get ]; then
			export DEBIAN_FRONTEND=noninteractive
			apt_knows $(packages "$@") || apt-get -q update
			$command || { apt-get -q update && $command; }
		else
			$command
		fi
	) || die "this failed: $command"
}

set_up() {
	with=$(manager)
	# Twice: only make knows whether the headers of the harness are there.
	for _ in 1 2; do
		# shellcheck disable=SC2046 # words
		set -- $(missing_to_run; missing_to_build; missing_to_be_complete)
		[ $# -gt 0 ] || return 0
		install_parts "$@"
	done
	# shellcheck disable=SC2046 # words
	set -- $(missing_to_run; missing_to_build)
	[ $# -eq 0 ] || lacking "$@"
}

# ---- the programs ----

# Sets names, the programs of directory $1. The file "programs" is the list of them; a program
# is in tests/, or beside it where "make install" has put it.
find_programs() {
	names=
	place=$1
	if [ -r "$place/programs" ]; then
		while read -r name _ || [ -n "$name" ]; do
			case $name in
			''|'#'*) ;;
			*[!a-z0-9_]*) die "$place/programs: '$name' is no name of a program" ;;
			*) names="$names $name" ;;
			esac
		done <"$place/programs"
		return
	fi
	[ ! -d "$place/tests" ] || place=$place/tests
	[ "$place" != "$here" ] || return 0
	set +f
	for path in "$place"/*; do
		name=${path##*/}
		case $name in
		*[!a-z0-9_]*) continue ;;
		esac
		[ ! -f "$path" ] || [ ! -x "$path" ] || names="$names $name"
	done
	set -f
}

path_of() {
	if [ -e "$place/tests/$1" ]; then
		path=$place/tests/$1
	else
		path=$place/$1
	fi
}

# All there, and none older than what it is made of?
built() {
	[ -n "$names" ] || return 1
	if [ -n "$figures" ] && [ -w "$here" ] && [ -f "$here/Makefile" ]; then
		for name in cost contention growth summary; do
			path=$here/figures/$name
			[ -e "$path" ] || return 1
			[ -z "$(find "$here/lib" "$here/figures" -name '*.[ch]' \
				-newer "$path")" ] || return 1
		done
	fi
	for name in $names; do
		path_of "$name"
		[ -e "$path" ] || return 1
		[ ! -f "$here/Makefile" ] || [ ! -w "$here" ] ||
			[ -z "$(find "$here/lib" "$here/tests" -name '*.[ch]' -newer "$path")" ] ||
			return 1
	done
}

make_temporary() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/lockfair.XXXXXX" 2>/dev/null) ||
		die "cannot make a temporary directory in ${TMPDIR:-/tmp}"
}

build() {
	# shellcheck disable=SC2046 # words
	set -- $(missing_to_build)
	[ $# -eq 0 ] || lacking "$@"
	progress "building"
	if ! attend make -s -C "$here" ${CC:+"CC=$CC"} >"$work/make" 2>&1; then
		progress
		cat "$work/make" >&2
		die "the programs could not be built (make -C $here)"
	fi
	progress
}

[ -z "$setup" ] || [ ! -f "$here/Makefile" ] || set_up

if [ -n "$self_test" ]; then
	[ -f "$here/Makefile" ] || die "--self-test: no Makefile in $here; it needs the source"
	# shellcheck disable=SC2046 # words
	set -- $(missing_to_run; missing_to_build)
	[ $# -eq 0 ] || lacking "$@"
	attend make -s -C "$here" check ${CC:+"CC=$CC"} || exit 1
	exit 0
fi

# shellcheck disable=SC2046 # words
set -- $(missing_to_run)
[ $# -eq 0 ] || lacking "$@"

if [ -n "$directory" ]; then
	[ -e "$directory" ] || die "-d: $directory does not exist"
	[ -d "$directory" ] || die "-d: $directory is not a directory"
fi

# The tests open files through it, and see by it who sleeps.
[ -n "$list" ] || [ -r /proc/self/status ] ||
	die "no test can run without /proc: mount -t proc proc /proc"
make_temporary
find_programs "${LOCKFAIR_PROGRAMS:-$here}"
if [ -n "${LOCKFAIR_PROGRAMS-}" ]; then
	[ -n "$names" ] || die "LOCKFAIR_PROGRAMS: no programs in $LOCKFAIR_PROGRAMS"
elif ! built && [ -f "$here/Makefile" ]; then
	build
	find_programs "$here"
fi
[ -n "$names" ] || die "no test programs in $here (make builds them)"
# Figures are no tests.
[ -z "$figures" ] || names=

# Old ones of busybox have no -k.
limiter="timeout -k 5"
timeout -k 5 5 true 2>/dev/null || limiter=timeout

# Sets ids to those of program $1, checked, or wrong to what is wrong. Where the machine is emulated
# each process counts, and read, which takes one byte at a time: there kernels/boot has asked the
# program before, NAME.ids beside it has the answer, and LOCKFAIR_LISTED says so.
list_ids() {
	ids=
	wrong=
	path_of "$1"
	if [ ! -e "$path" ]; then
		wrong="$path does not exist"
		return
	elif [ ! -f "$path" ] || [ ! -x "$path" ]; then
		wrong="$path cannot be executed"
		return
	fi
	if [ "${LOCKFAIR_LISTED-}" = 1 ] && [ -r "$path.ids" ]; then
		ids=$(cat "$path.ids")
	else
		# shellcheck disable=SC2086 # words
		attend $limiter "$limit" "$path" -l </dev/null >"$work/ids" 2>"$work/noise"
		status=$?
		if [ $status -ne 0 ]; then
			wrong="$1 -l ended with status $status"
			return
		fi
		ids=$(tr -d '\0' <"$work/ids")
	fi
	[ -n "$ids" ] || wrong="$1 -l lists no tests"
	IFS=$newline
	for id in $ids; do
		case $id in
		*[!a-z0-9_.:]*|*:*:*|*.*.*.*) ;;
		"$1":promise.?*.?*|"$1":practice.?*.?*|"$1":folklore.?*.?*) continue ;;
		esac
		wrong="$1 -l says '$id', which is no id"
		break
	done
	unset IFS
}

# Does $1 match one of the globs? Marks those that do in $matched.
matched=$newline
chosen() {
	[ -n "$globs" ] || return 0
	found=1
	IFS=$newline
	for glob in $globs; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in
		$glob)
			found=0
			case $matched in
			*"$newline$glob$newline"*) ;;
			*) matched=$matched$glob$newline ;;
			esac ;;
		esac
	done
	unset IFS
	return $found
}

# Can program $1 have a test that is asked for? An id has one colon, behind its program. With
# "wrong" as $2: it cannot list its tests, and is asked for by name.
chosen_program() {
	[ -n "$globs" ] || return 0
	found=1
	IFS=$newline
	for glob in $globs; do
		# shellcheck disable=SC2254 # a pattern
		case $glob in
		*:*)	case $1 in
			${glob%%:*})
				found=0
				[ $# -lt 2 ] || matched=$matched$glob$newline
				continue ;;
			esac
			# The colon may be another one, or not all of it.
			case ${glob%%:*} in
			*'['*|*"\\"*) [ $# -gt 1 ] || found=0 ;;
			esac ;;
		*)	[ $# -gt 1 ] || found=0 ;;
		esac
	done
	unset IFS
	return $found
}

selected=
tests=0
broken_listing=
for name in $names; do
	chosen_program "$name" || continue
	list_ids "$name"
	: >"$work/$name.want"
	if [ -n "$wrong" ]; then
		printf '%s\n' "$wrong" | tr -c ' -~\n' '?' >"$work/$name.wrong"
		if chosen_program "$name" wrong; then
			selected="$selected $name"
			broken_listing=1
			[ -z "$list" ] || printf '%s: %s\n' "$me" "$(cat "$work/$name.wrong")" >&2
		fi
		continue
	fi
	chosen_here=0
	for id in $ids; do
		if chosen "$id"; then
			printf '%s\n' "$id"
			chosen_here=$((chosen_here + 1))
		fi
	done >"$work/$name.want"
	eval "wanted_$name=$chosen_here"
	tests=$((tests + chosen_here))
	[ "$chosen_here" -eq 0 ] || selected="$selected $name"
done

IFS=$newline
for glob in $globs; do
	case $matched in
	*"$newline$glob$newline"*) ;;
	*) die "-t: no test matches '$glob' (-l lists the ids, FILE:CLASS.KIND.CLAIM)" ;;
	esac
done
unset IFS

if [ -n "$list" ]; then
	for name in $selected; do
		[ ! -s "$work/$name.want" ] || say "$(cat "$work/$name.want")"
	done
	[ -z "$broken_listing" ] || exit 1
	exit 0
fi

# ---- where results and lock files go ----

quoted() {
	case $1 in
	*[!A-Za-z0-9_./:,@%+=-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf '%s' "$1" ;;
	esac
}

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_HISTORIES
[ -z "${LOCKFAIR_KERNEL-}" ] || again="$again -k $(quoted "$LOCKFAIR_KERNEL")"
[ -z "$stop" ] || export LOCKFAIR_STOP=1
if [ -n "$strict" ]; then
	again="$again -s"
	export LOCKFAIR_STRICT=1
fi
if [ -n "$directory" ]; then
	again="$again -d $(quoted "$directory")"
	absolute=$(cd -- "$directory" 2>/dev/null && pwd -P) ||
		die "-d: $directory cannot be entered"
	locks=$(mktemp -d "$absolute/lockfair.XXXXXX" 2>"$work/noise") || {
		locks=
		die "-d: $directory is not writable: $(sed -n 's/.*: //p' "$work/noise")"
	}
	export LOCKFAIR_DIR="$locks"
fi
summary=/dev/null
if [ -n "$output" ]; then
	case $output in
	/*) ;;
	*) output=$PWD/$output ;;
	esac
	[ -d "$output" ] || mkdir -p -- "$output" 2>"$work/noise" ||
		die "-o: $output cannot be made: $(sed -n 's/.*: //p' "$work/noise")"
	ktap=$output/results.ktap
	summary=$output/summary.txt
	[ -z "$figures" ] || { ktap=$output/figures.txt; summary=/dev/null; }
	{ : >"$ktap" && : >"$summary"; } 2>/dev/null || die "-o: $output is not writable"
	# Out of a guest they would take longer than the tests.
	if [ -z "$figures${LOCKFAIR_MACHINE-}" ]; then
		export LOCKFAIR_HISTORIES="$output/histories"
		mkdir -p -- "$LOCKFAIR_HISTORIES" 2>/dev/null || die "-o: $output is not writable"
	fi
fi

# ---- the header ----

# Sets got to the first line of file $1. Not by read: it takes one byte at a time, and a
# sysctl has no second one.
line_of() {
	got=
	[ ! -r "$1" ] || got=$(sed -n 1p "$1" 2>/dev/null)
}

file_system() {
	type=
	if [ -r /proc/self/mountinfo ]; then
		type=$(L_PATH=$absolute awk '
		BEGIN { path = ENVIRON["L_PATH"]; best = -1 }
		{
			at = $5
			gsub(/\\040/, " ", at); gsub(/\\011/, "\t", at)
			gsub(/\\012/, "\n", at); gsub(/\\134/, "\\", at)
			if (at != "/" && path != at && index(path, at "/") != 1)
				next
			if (length(at) < best)
				next
			best = length(at)
			for (i = 7; i < NF; i++)
				if ($i == "-") { type = $(i + 1); break }
		}
		END { print type }' /proc/self/mountinfo)
	fi
	[ -n "$type" ] || type=$(stat -f -c %T "$absolute" 2>/dev/null)
	printf '%s' "${type:-of an unknown type}"
}

# The tightest cpu.max on the way up from our cgroup.
cpu_max() {
	[ -r /proc/self/cgroup ] || return 0
	group=
	while IFS= read -r got; do
		case $got in
		0::*) group=${got#0::} ;;
		esac
	done </proc/self/cgroup
	while :; do
		line_of "/sys/fs/cgroup$group/cpu.max"
		case $got in
		''|max*) ;;
		*)	printf '%s' "$got"
			return ;;
		esac
		[ -n "${group%/}" ] || return 0
		group=${group%/*}
	done
}

# The capabilities that a test may name, of the set $1, a hexadecimal number.
names_of() {
	for cap in 7:SETUID 19:SYS_PTRACE 21:SYS_ADMIN 23:SYS_NICE 24:SYS_RESOURCE; do
		[ $((0x$1 >> ${cap%:*} & 1)) = 0 ] || printf ' CAP_%s' "${cap#*:}"
	done
}

# Sets cpus, those that are allowed, and capabilities, those in effect that a test may name.
read_status() {
	cpus=
	capabilities=unknown
	[ -r /proc/self/status ] || return 0
	while IFS=":$tab" read -r key got; do
		case $key in
		Cpus_allowed_list) cpus=$got ;;
		CapEff)
			capabilities=$(names_of "$got") ;;
		esac
	done </proc/self/status
}

# Lines: the first one is $1, what follows it is about this machine, and then the rest.
header() {
	read_status
	case "$capabilities " in
	unknown*) cap="capabilities unknown" ;;
	*" CAP_SYS_NICE "*) cap="with CAP_SYS_NICE" ;;
	*)	cap="without CAP_SYS_NICE" ;;
	esac
	line_of /sys/devices/system/cpu/online
	online=$got

	version=$(uname -v)
	case $version in
	*PREEMPT_RT*|*"PREEMPT RT"*) preemption="real-time" ;;
	*PREEMPT_DYNAMIC*) preemption="dynamic" ;;
	*PREEMPT_LAZY*) preemption="lazy" ;;
	*PREEMPT*) preemption="full" ;;
	*) preemption="none or voluntary" ;;
	esac
	line_of /sys/kernel/realtime
	[ "$got" != 1 ] || preemption="real-time"
	line_of /sys/kernel/debug/sched/preempt
	case $got in
	*"("*")"*) got=${got#*"("}; preemption="$preemption (${got%%")"*})" ;;
	esac
	facts="preemption $preemption"
	line_of /proc/sys/kernel/sched_rt_runtime_us
	facts="$facts${got:+, sched_rt_runtime_us $got}"
	line_of /proc/sys/kernel/sched_autogroup_enabled
	facts="$facts${got:+, autogroup $got}"
	got=$(cpu_max)
	facts="$facts${got:+, cpu.max $got}"

	# By what lib/asleep sees that a waiter waits. Yama may close it to those who have
	# no capabilities, as the tests have none.
	line_of /proc/sys/kernel/yama/ptrace_scope
	evidence="/proc/PID/syscall and state"
	if [ ! -r /proc/self/syscall ] || [ "${got:-0}" -gt 1 ]; then
		evidence="state alone, which is weaker and slow"
	fi

	medium="memfd (tmpfs)"
	[ -z "$directory" ] || medium=$(file_system)
	first=$1
	shift
	say "# lockfair: $first" \
		"# kernel: $(uname -s) $(uname -r) $(uname -m), $version" \
		"# CPUs: ${online:-?} online, ${cpus:-?} allowed" \
		"# lock files: $medium" \
		"# user: uid $(id -u), $cap" \
		"# scheduler: $facts" \
		"# evidence of waiting: $evidence" "$@"
	[ -z "${LOCKFAIR_MACHINE-}" ] || say "# machine: $LOCKFAIR_MACHINE"
	[ -z "${LOCKFAIR_EFFORT-}" ] ||
		say "# effort: $LOCKFAIR_EFFORT percent of scenarios, rounds of a race, crowds"
}

# ---- figures ----

# What times depend on, beside what the header has of any run.
machine() {
	line_of /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor
	governor=${got:-not to be seen}
	line_of /sys/devices/system/clocksource/clocksource0/current_clocksource
	clock=${got:-unknown}
	virtual=
	if have systemd-detect-virt; then
		virtual=$(systemd-detect-virt -v 2>/dev/null)
	elif [ -r /proc/cpuinfo ] && grep -q '^flags.* hypervisor' /proc/cpuinfo; then
		virtual="some hypervisor"
	fi
	line_of /sys/hypervisor/type
	model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | sed -n 1p)
	line_of /proc/loadavg
	echo "# processor: ${model:-unknown}, governor $governor," \
		"virtualisation ${virtual:-unknown}"
	echo "# clock source: $clock, load before the run ${got%% *}"
}

# Sets path to the figure program or file $1.
figure_path() {
	for path in "$place/figures/$1" "$here/figures/$1" "$place/$1" "$here/$1"; do
		[ ! -f "$path" ] || return 0
	done
	die "$1 is missing in $place (make builds it)"
}

# Program $1, for $2 seconds; its lines to $raw, those about conditions to $raw.notes as well.
figure() {
	figure_path "$1"
	if [ -n "$rounds" ]; then
		set -- "$1" "$path" -r "$rounds"
	else
		set -- "$1" "$path" -s "$2"
	fi
	[ -t 2 ] || printf '%s: %s\n' "$me" "$1" >&2
	title=$1
	shift
	# shellcheck disable=SC2086 # words
	attend $limiter 900 "$@" </dev/null >"$work/figures" || die "$title ended with status $?"
	grep -v '^#' "$work/figures" >>"$raw"
	grep '^#' "$work/figures" >>"$raw.notes"
}

plots() {
	if ! have gnuplot; then
		echo "no plots: gnuplot is not installed (apt-get install gnuplot-nox)"
		return
	fi
	figure_path plots.gnuplot
	if (cd -- "$output" &&
	    LC_ALL=C.UTF-8 gnuplot -e "data='figures.tsv'; out='.'" "$path") 2>"$work/noise"; then
		echo "plots: shares.svg, overtakes.svg and growth.svg in $output"
	else
		echo "no plots: gnuplot failed: $(tr '\n' ' ' <"$work/noise")"
	fi
}

run_figures() {
	raw=$work/rounds
	: >"$raw.notes"
	machine >"$work/machine"
	printf 'figure\tkind\tparameter\tround\tvalue\tunit\n' >"$raw"
	figure cost 4
	figure contention 12
	figure growth 11
	figure_path summary
	"$path" <"$raw" >"$work/summary" || die "the figures could not be summed up"
	header "figures" "$(cat "$work/machine")" "$(cat "$raw.notes")"
	figure_path table.awk
	say "$(awk -f "$path" "$work/summary")"
	[ -n "$output" ] || return 0
	{ cp "$raw" "$output/rounds.tsv" && cp "$work/summary" "$output/figures.tsv"; } ||
		die "the figures could not be written to $output"
	# In a guest there is no gnuplot; kernels/boot has one, where it is to be had.
	[ -n "${LOCKFAIR_MACHINE-}" ] || say "" "$(plots)"
}

if [ -n "$figures" ]; then
	run_figures
	exit 0
fi

# ---- a program's TAP to KTAP ----

# Exit status: 0, 1 for an unexpected result, 4 if every test was skipped.
# shellcheck disable=SC2016 # awk
convert='
function out(line) {
	print line
	if (ktap != "")
		print line >> ktap
}

# What a parser or a grep could take for a result is no business of a diagnostic.
function harmless(text) {
	gsub(/[\001-\010\013-\037\177]/, "?", text)
	gsub(/not ok/, "not-ok", text)
	gsub(/XFAIL:/, "xfail:", text)
	gsub(/FAIL:/, "fail:", text)
	gsub(/FAILED:/, "failed:", text)
	gsub(/\[[ ]*FAIL[ ]*\]/, "[fail]", text)
	if (text ~ /^# *(not-)?ok /)
		sub(/^# */, "# said: ", text)
	return text
}

function note(text) {
	pending = pending "  " harmless(text) "\n"
}

function constant(text) {
	gsub(/[\001-\037\177#]/, "", text)
	gsub(/^ +| +$/, "", text)
	return text
}

function is_control(id) {
	return id ~ /^[a-z]+\.(eventfd|futex)\./
}

function result(line,    whole, bad, at, id, text, state) {
	whole = line
	bad = line ~ /^not /
	sub(/^(not )?ok [0-9]+ (- )?/, "", line)
	at = index(line, " # ")
	id = at ? substr(line, 1, at - 1) : line
	text = at ? substr(line, at + 3) : ""
	gsub(/ +$/, "", id)
	if (!(id in number)) {
		note("# " whole)
		unlisted++
		return
	}
	if (id in state_of) {
		note("# a second result of this test")
		notes[id] = notes[id] pending
		pending = ""
		broken = 0
		state_of[id] = "broke"
		return
	}
	if (text ~ /^SKIP/ && !bad) {
		state = "skip"
		sub(/^SKIP:?/, "", text)
	} else if (text ~ /^XFAIL/ && !bad) {
		state = "xfail"
		sub(/^XFAIL:?/, "", text)
		if (strict || id !~ /^folklore/ || is_control(id)) {
			bad = 1
			note("# " constant(text))
		}
	} else {
		state = "hold"
		if (text != "")
			note("# " text)
		text = ""
	}
	if (broken && state != "skip")
		state = "broke"
	else if (bad)
		state = is_control(id) && id ~ /^folklore/ ? "unfair" : "fail"
	else if (state == "hold" && id ~ /^folklore/ && !is_control(id)) {
		state = "xpass"
		if (pending !~ /unexpected pass/)
			note("# unexpected pass: file locks have not been seen to do this")
	}
	state_of[id] = state
	what_was_seen[id] = bad ? saw : ""
	saw = ""
	reason[id] = constant(text)
	if (reason[id] == "")
		reason[id] = "no reason given"
	notes[id] = pending
	seen[++results] = id
	pending = ""
	broken = 0
}

function take(line, cut) {
	if (line ~ /^#  +RUN +/) {
		running = line
		sub(/^# +RUN +/, "", running)
		sub(/ .*/, "", running)
	} else if (line ~ /^#  +(OK|FAIL|SKIP|XFAIL|XPASS|GLOBAL)( |$)/ ||
		   line ~ /^# (Starting|PASSED:|FAILED:|Totals:)/) {
		return
	} else if (line ~ /^TAP version / || line ~ /^[ \t]*$/) {
		return
	} else if (line ~ /^1\.\.[0-9]+/) {
		if (line ~ /^1\.\.0 *# *SKIP/) {
			skip_all = line
			sub(/^1\.\.0 *# *SKIP:?/, "", skip_all)
			skip_all = constant(skip_all)
			if (skip_all == "")
				skip_all = "no reason given"
		}
	} else if (!cut && line ~ /^(not )?ok [0-9]+ /) {
		result(line)
	} else if (line ~ /^#/) {
		if (line ~ /^# broken:/)
			broken = 1
		if (line ~ /^# seen: / && saw == "")
			saw = constant(substr(line, 9))
		note(line)
	} else {
		note("# " line)
	}
}

BEGIN {
	name = ENVIRON["L_NAME"]; title = ENVIRON["L_TITLE"]; run = ENVIRON["L_RUN"]
	ktap = ENVIRON["L_KTAP"]; record = ENVIRON["L_RECORD"]
	status = ENVIRON["L_STATUS"] + 0; hung = ENVIRON["L_HUNG"] + 0
	cut = ENVIRON["L_CUT"] + 0; strict = ENVIRON["L_STRICT"] + 0
	while ((getline id < ENVIRON["L_WANT"]) > 0) {
		sub(/^[^:]*:/, "", id)
		want[++wanted] = id
		number[id] = wanted
	}
	split("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM", signal, " ")
}

{
	if (NR > 1)
		take(held, 0)
	held = $0
}

END {
	if (NR)
		take(held, cut)

	if (hung)
		how = "the time limit of " ENVIRON["L_LIMIT"] " s ended it"
	else if (status > 128)
		how = "signal " (status - 128) (status - 128 in signal ? " (SIG" \
			signal[status - 128] ")" : "") " ended it"
	else if (status == 126 || status == 127)
		how = "it could not be started"
	else
		how = "it ended with exit status " status

	# The one that ran when the program was ended has perhaps said so itself.
	if (hung && running in state_of && state_of[running] ~ /^(fail|broke|unfair)$/) {
		state_of[running] = "hung"
		notes[running] = notes[running] pending "  # " how "\n"
		pending = ""
	}
	for (i = 1; i <= wanted; i++) {
		id = want[i]
		if (id in state_of)
			continue
		missing++
		seen[++results] = id
		if (skip_all != "") {
			state_of[id] = "skip"
			reason[id] = skip_all
		} else if (!blamed && (!(running in number) || running in state_of ||
			   running == id)) {
			# Before an earlier test, or after it: the first one without a result.
			blamed = 1
			state_of[id] = hung ? "hung" : "broke"
			notes[id] = pending "  # no result: " how "\n"
			pending = ""
		} else {
			state_of[id] = "lost"
			notes[id] = "  # not run, or no result: " how "\n"
		}
	}

	for (i = 1; i <= results; i++) {
		id = seen[i]
		state = state_of[id]
		if (id in notes)
			out_notes(notes[id])
		line = "  " (state ~ /^(hold|xpass|xfail|skip)$/ ? "" : "not ") "ok " i " " id
		if (state == "skip")
			line = line " # SKIP " reason[id]
		else if (state == "xfail")
			line = line " # XFAIL " reason[id]
		if (line ~ /^  not/)
			bad++
		if (state == "skip")
			skipped++
		out(line)
		part = id
		gsub(/\./, "\t", part)
		print run "\t" name "\t" part "\t" state "\t" reason[id] "\t" what_was_seen[id] \
			>> record
	}

	if (!bad && !missing && status != 0 && status != 4 && !(status == 2 || status == 3))
		trouble = trouble how " although no test failed\n"
	else if (hung && !bad)
		trouble = trouble how "\n"
	if (unlisted)
		trouble = trouble "results of tests that it does not list: " unlisted "\n"
	out_notes(outer(pending))
	lines = split(trouble, text, "\n")
	for (i = 1; i < lines; i++) {
		out("# " name ": " text[i])
		print run "\t" name "\t\t\t\tbroke\t" text[i] >> record
		bad++
	}
	all_skipped = skipped == wanted && !bad
	out((bad ? "not " : "") "ok " ENVIRON["L_NUMBER"] " " title \
		(all_skipped ? " # SKIP every test was skipped" : ""))
	exit bad ? 1 : all_skipped ? 4 : 0
}

function outer(text) {
	sub(/^  /, "", text)
	gsub(/\n  /, "\n", text)
	return text
}

function out_notes(text) {
	sub(/\n$/, "", text)
	if (text != "")
		out(text)
}
'

# ---- the table and the answer ----

# shellcheck disable=SC2016 # awk
report='
function paint(text, state) {
	if (!colour || !(state in ink))
		return text
	return "\033[" ink[state] "m" text "\033[0m"
}

# To stderr, and without the colours to the file.
function put(plain, painted) {
	print painted == "" ? plain : painted
	print plain > summary
}

# A line that begins with a mark.
function entry(before, state, text) {
	put(before pad(mark[state], 8) text, before paint(pad(mark[state], 8), state) text)
}

function plural(count, one, many) {
	return count " " (count == 1 ? one : many)
}

function pad(text, width) {
	while (length(text) < width)
		text = text " "
	return text
}

function centred(text, width,    left) {
	left = int((width - length(text)) / 2)
	return pad(pad("", left) text, width)
}

# posix, ofd and flock
function series(list, count,    i, text) {
	text = list[1]
	for (i = 2; i <= count; i++)
		text = text (i < count ? ", " : " and ") list[i]
	return text
}

BEGIN {
	FS = "\t"
	colour = ENVIRON["L_COLOUR"] + 0; summary = ENVIRON["L_SUMMARY"]
	rounds = ENVIRON["L_REPEAT"] + 0
	verbose = ENVIRON["L_VERBOSE"] + 0
	# More rows than this are hard to read: then a row is a file.
	short_table = 30

	marks = "hold xfail xpass skip fail unfair hung broke lost"
	mark["hold"] = "yes"; legend["hold"] = "it holds"
	mark["xfail"] = "no"; legend["xfail"] = "it does not hold, as expected"
	mark["xpass"] = "yes!"; legend["xpass"] = "it holds, which was not expected"
	mark["skip"] = "skip"; legend["skip"] = "not to be had here"
	mark["fail"] = "FAIL"; legend["fail"] = "it does not hold, which was not expected"
	mark["unfair"] = "UNFAIR"; legend["unfair"] = "a control that must be fair is not"
	mark["hung"] = "HUNG"; legend["hung"] = "ended by the time limit"
	mark["broke"] = "BROKE"; legend["broke"] = "the test itself went wrong"
	mark["lost"] = "lost"; legend["lost"] = "its program had ended before"
	ink["hold"] = "32"; ink["xfail"] = "33"; ink["xpass"] = "1;36"; ink["skip"] = "2"
	ink["fail"] = ink["unfair"] = ink["hung"] = ink["broke"] = "1;31"; ink["lost"] = "31"
	ink["head"] = "1"
	# Of several runs the table shows the worst.
	rank_count = split("skip hold xpass xfail lost broke hung unfair fail", ranked, " ")
	for (i = 1; i <= rank_count; i++)
		rank[ranked[i]] = i

	# By lib/scene.c, when it tries the lock before a test.
	refused_text = "^nobody holds the lock, yet [a-z]+ refuses "

	title["promise"] = "written down in POSIX or in a manual page"
	title["practice"] = "not written down, but so on every kernel since 5.10"
	title["folklore"] = "believed of file locks, known not to be so; the controls do it"
	kind_count = split("posix ofd flock lockf", kinds, " ")
	for (i = 1; i <= kind_count; i++)
		known[kinds[i]] = 1
	known["eventfd"] = known["futex"] = 1
	while ((getline line < ENVIRON["L_SKIPS"]) > 0)
		if (split(line, field, "\t") > 1 && line !~ /^#/)
			expected_when[field[1]] = field[2]
}

# Is release @one older than release @other? Both are X.Y.
function before(one, other,    a, b) {
	split(one, a, ".")
	split(other, b, ".")
	return a[1] + 0 < b[1] + 0 || (a[1] + 0 == b[1] + 0 && a[2] + 0 < b[2] + 0)
}

# Does this condition of the file "skips" hold here? The words are explained there.
function applies(condition,    word) {
	split(condition, word, " ")
	if (word[1] == "before")
		return before(ENVIRON["L_RELEASE"], word[2])
	if (word[1] == "without")
		return index(" " ENVIRON["L_CAPABILITIES"] " ", " " word[2] " ") == 0
	if (word[1] == "not")
		return ENVIRON["L_MACHINE"] != word[2]
	return index(" " ENVIRON["L_FACTS"] " ", " " word[1] " ") > 0
}

function is_expected(reason,    i, count, one) {
	# The errno in the reason for a missing kind is whatever the file system says.
	if (reason ~ /^no [a-z]+ locks (that wait )?here \([A-Z]+\)$/)
		sub(/ \([A-Z]+\)$/, "", reason)
	count = split(expected_when[reason], one, / or /)
	for (i = 1; i <= count; i++)
		if (applies(one[i]))
			return 1
	return 0
}

$3 == "" {
	troubles++
	trouble[troubles] = $2 ": " $7
	total["broke"]++
	next
}

{
	file = $2; class = $3; kind = $4; claim = $5; state = $6
	results++
	total[state]++
	if (!(kind in known)) {
		known[kind] = 1
		kinds[++kind_count] = kind
	}
	present[kind] = 1
	row = class SUBSEP file SUBSEP claim
	if (!(row in row_seen)) {
		row_seen[row] = 1
		rows[++row_count] = row
		claim_length[row_count] = length(claim)
	}
	cell = row SUBSEP kind
	runs[cell]++
	times[cell, state]++
	if (!(cell in worst) || rank[state] > rank[worst[cell]])
		worst[cell] = state
	if (state == "skip") {
		if (!skip_reason[$7]++)
			skip_reasons[++skip_count] = $7
		if ($7 == "no file locks in this kernel" ||
		    $7 ~ "^no " kind " locks (that wait )?here")
			why_missing[kind] = $7
	} else {
		seen[kind] = 1
	}
	id = file ":" class "." kind "." claim
	if (state == "fail" && $8 ~ refused_text) {
		# The cause of all of them; one line says it.
		split($8, part, " ")
		who = part[6]
		if (!(who in why_refused))
			why_refused[who] = refusal_in($8)
		refused_results++
		next
	}
	if (state == "lost")
		lost[file]++
	else if (state ~ /^(fail|unfair|broke|hung)$/) {
		if (!listed[state, id]++) {
			listed_id[++unexpected] = id
			listed_state[unexpected] = state
		}
	} else if (state == "xpass" && !passed[id]++)
		passes[++pass_count] = id
	fact(file, class, kind, state)
}

# "nobody holds the lock, yet posix refuses a try: ENOLCK (…)": "a try with ENOLCK"
function refusal_in(text) {
	sub(refused_text, "", text)
	sub(/ \(.*/, "", text)
	sub(/: /, " with ", text)
	return text
}

# What the answer is made of. A test that was skipped or broke tells nothing.
function fact(file, class, kind, state,    about) {
	if (file == "exclusion" && class == "promise")
		about = "exclusion"
	else if (file == "queue_order" && class == "practice")
		about = "order"
	else if ((file == "barging" || file == "alternation") && class == "folklore")
		about = file
	else
		return
	if (state ~ /^(hold|xpass)$/)
		good[about, kind]++
	else if (state ~ /^(fail|xfail|unfair)$/)
		poor[about, kind]++
}

# What is to be said of a kind; the verbs for one (s = "s") or for several.
function clauses(kind, s,    list, count, order, barging, alternation, does) {
	does = s == "s" ? "does not" : "do not"
	order = poor["order", kind] ? -1 : good["order", kind] ? 1 : 0
	barging = poor["barging", kind] ? -1 : good["barging", kind] ? 1 : 0
	alternation = poor["alternation", kind] ? -1 : good["alternation", kind] ? 1 : 0
	if (poor["exclusion", kind])
		list[++count] = does " exclude"
	# Whoever alternates strictly hands the lock over, in order and past nobody.
	if (order && !(order > 0 && barging >= 0 && alternation > 0))
		list[++count] = order > 0 ? "queue" s " in order" : does " queue in order"
	if (barging && !(barging > 0 && alternation > 0))
		list[++count] = barging > 0 ? "let" s " nobody barge in" : \
			(order > 0 ? "then " : "") "let" s " others barge in"
	if (alternation && !(alternation < 0 && barging < 0))
		list[++count] = alternation > 0 ? "alternate" s " strictly" : \
			does " alternate strictly"
	return count ? series(list, count) : ""
}

function answer(    i, j, said, group, count, text, done) {
	for (i = 1; i <= kind_count; i++) {
		said = clauses(kinds[i], "")
		if (said == "" || done[kinds[i]])
			continue
		count = 0
		for (j = i; j <= kind_count; j++) {
			if (clauses(kinds[j], "") == said) {
				group[++count] = kinds[j]
				done[kinds[j]] = 1
			}
		}
		text = text (text == "" ? "" : "; ") series(group, count) " " \
			(count == 1 ? clauses(kinds[i], "s") : said)
	}
	said = missing()
	text = text (text == "" || said == "" ? "" : "; ") said
	return text == "" ? \
		"nothing that ran tells of order, barging or alternation" : text
}

# Is there no lock of this kind here, as far as the results say?
function is_missing(kind) {
	return (kind in why_missing) && !(kind in seen)
}

# The sentences about the kinds that cannot be locked by here.
function missing(    i) {
	for (i = 1; i <= kind_count; i++) {
		if (is_missing(kinds[i]))
			fate[kinds[i]] = place_of(why_missing[kinds[i]])
		else if (kinds[i] in why_refused)
			fate[kinds[i]] = why_refused[kinds[i]] ", although nobody holds the lock"
	}
	return fates()
}

# A sentence for each fate, about all the kinds that share it.
function fates(    i, j, done, group, count, text) {
	for (i = 1; i <= kind_count; i++) {
		if (!(kinds[i] in fate) || done[kinds[i]])
			continue
		count = 0
		for (j = i; j <= kind_count; j++) {
			if ((kinds[j] in fate) && fate[kinds[j]] == fate[kinds[i]]) {
				group[++count] = kinds[j]
				done[kinds[j]] = 1
			}
		}
		text = text (text == "" ? "" : "; ") series(group, count) \
			(fate[kinds[i]] ~ /^cannot/ ? " " : count == 1 ? " refuses " : " refuse ") \
			fate[kinds[i]]
	}
	return text
}

function place_of(why,    verb) {
	if (why !~ /\(/)
		return "cannot be had in this kernel, which was built without file locks"
	verb = why ~ /that wait/ ? "cannot wait" : "cannot be had"
	sub(/^[^(]*/, "", why)
	return verb " on " ENVIRON["L_MEDIUM"] " here " why
}

# Counts the skips that a Linux of this release, run as here, is not expected to have; surplus
# is what there is to say of them.
function more_skips(    i, count, why) {
	for (i = 1; i <= skip_count; i++) {
		why = skip_reasons[i]
		if (is_expected(why))
			continue
		count += skip_reason[why]
		surplus = surplus (surplus == "" ? "" : "; ") why " (" skip_reason[why] ")"
	}
	if (count)
		surplus = plural(count, "skip", "skips") " more than Linux " \
			ENVIRON["L_RELEASE"] " has: " surplus
	return count
}

# A kind that this release has: "no ofd locks here" on a memfd of Linux 6.1 is no answer.
function vanished(    i, count, list) {
	for (i = 1; i <= kind_count; i++)
		if (is_missing(kinds[i]) && why_missing[kinds[i]] ~ /\(/ &&
		    !is_expected(why_missing[kinds[i]]))
			list[++count] = kinds[i]
	if (count)
		put(series(list, count) " should be there", paint(series(list, count) \
			" should be there", "fail"))
	return count
}

# No file lock of any kind could be had, although tests asked for some.
function nothing_to_lock(    i, asked) {
	for (i = 1; i <= kind_count; i++) {
		if (kinds[i] ~ /^(eventfd|futex)$/ || !(kinds[i] in present))
			continue
		asked = 1
		if (!is_missing(kinds[i]))
			return 0
	}
	return asked
}

# Broken into lines of at most @width, at blanks.
function wrapped(text, width, first, rest,    words, count, i, line) {
	count = split(text, words, " ")
	line = first words[1]
	for (i = 2; i <= count; i++) {
		if (length(line) + 1 + length(words[i]) > width) {
			put(line)
			line = rest words[i]
		} else {
			line = line " " words[i]
		}
	}
	return line
}

function cell_text(cell,    state) {
	if (!(cell in worst))
		return "."
	state = worst[cell]
	if (times[cell, state] == runs[cell])
		return mark[state]
	return mark[state] " " times[cell, state] (brief ? "" : "/" runs[cell])
}

# From a row for each claim to a row for each file of a class. Of its claims a cell shows the
# worst, and how many of them are so unless all are.
function fold(    i, j, part, row, cell, folded, count, state, claims) {
	split("", claims)
	for (j = 1; j <= row_count; j++) {
		split(rows[j], part, SUBSEP)
		row = part[1] SUBSEP part[2]
		if (!claims[row]++)
			folded[++count] = row
		for (i = 1; i <= kind_count; i++) {
			cell = rows[j] SUBSEP kinds[i]
			if (!(cell in worst))
				continue
			state = worst[cell]
			cell = row SUBSEP kinds[i]
			runs[cell]++
			times[cell, state]++
			if (!(cell in worst) || rank[state] > rank[worst[cell]])
				worst[cell] = state
		}
	}
	row_count = count
	for (j = 1; j <= row_count; j++) {
		rows[j] = folded[j]
		split(rows[j], part, SUBSEP)
		label[j] = pad("  " part[2], 20) plural(claims[rows[j]], "claim", "claims")
		claim_length[j] = length(label[j])
	}
	is_folded = 1
}

function widths(    i, j, text) {
	room = 98
	claim_width = 24
	for (i = 1; i <= kind_count; i++) {
		wide[i] = length(kinds[i])
		for (j = 1; j <= row_count; j++) {
			text = cell_text(rows[j] SUBSEP kinds[i])
			if (length(text) > wide[i])
				wide[i] = length(text)
		}
		room -= wide[i] + 2
	}
	for (j = 1; j <= row_count; j++)
		if (claim_length[j] + 4 > claim_width)
			claim_width = claim_length[j] + 4
	if (claim_width > room)
		claim_width = room
}

function table(    i, j, k, part, class, file, last_class, last_file, head, claim, plain,
	       painted, text, state, cell) {
	# The controls come last, and apart; a kind without a test has no column.
	kinds[++kind_count] = "eventfd"
	kinds[++kind_count] = "futex"
	for (i = j = 1; i <= kind_count; i++)
		if (kinds[i] in present)
			kinds[j++] = kinds[i]
	kind_count = j - 1
	if (!verbose && row_count > short_table)
		fold()
	widths()
	if (room < 30) {
		brief = 1
		widths()
	}
	head = pad("", claim_width)
	for (i = 1; i <= kind_count; i++)
		head = head bar(i) centred(kinds[i], wide[i])
	sub(/ +$/, "", head)
	put("")
	put(head, paint(head, "head"))

	split("promise practice folklore", class_order, " ")
	for (i = 1; i <= 3; i++) {
		class = class_order[i]
		last_file = ""
		for (j = 1; j <= row_count; j++) {
			split(rows[j], part, SUBSEP)
			if (part[1] != class)
				continue
			if (last_class != class)
				put(class ": " title[class], paint(class, "head") ": " title[class])
			last_class = class
			if (part[2] != last_file && !is_folded)
				put("  " part[2])
			last_file = part[2]
			claim = part[3]
			gsub(/_/, " ", claim)
			plain = is_folded ? label[j] : wrapped(claim, claim_width, "    ", "      ")
			plain = painted = pad(plain, claim_width)
			for (k = 1; k <= kind_count; k++) {
				cell = rows[j] SUBSEP kinds[k]
				text = bar(k) centred(cell_text(cell), wide[k])
				if (k == kind_count)
					sub(/ +$/, "", text)
				plain = plain text
				painted = painted (cell in worst ? paint(text, worst[cell]) : text)
			}
			put(plain, painted)
		}
	}
}

function bar(i) {
	if (kinds[i] ~ /^(eventfd|futex)$/ && i > 1 && kinds[i - 1] !~ /^(eventfd|futex)$/)
		return " | "
	return "  "
}

END {
	if (row_count)
		table()
	put("")

	count = split(marks, state_list, " ")
	for (i = 1; i <= count; i++) {
		state = state_list[i]
		if (total[state])
			entry("  ", state, pad(total[state], 6) legend[state])
	}
	bad = total["fail"] + total["unfair"] + total["hung"] + total["broke"] + total["lost"]
	more = more_skips()
	text = plural(results, "result", "results") (rounds > 1 ? " of " rounds " runs" : "") ": "
	if (bad)
		text = text bad " unexpected"
	else if (total["skip"] == results)
		text = text "nothing ran"
	else if (more)
		text = text "all that ran as expected, more skips than expected"
	else
		text = text "all as expected"
	if (total["xpass"])
		text = text ", " plural(total["xpass"], "unexpected pass", "unexpected passes")
	put(text, paint(text, bad ? "fail" : total["skip"] == results ? "skip" : "hold"))

	if (is_folded)
		put("a row for every claim: -v")
	if (skip_count) {
		put("")
		for (i = 1; i <= skip_count; i++)
			put("skipped, " skip_reason[skip_reasons[i]] ": " skip_reasons[i])
		if (surplus != "")
			put(wrapped(surplus, 98, "", "  "))
		gone = vanished()
	}
	if (pass_count) {
		put("")
		for (i = 1; i <= pass_count; i++)
			entry("", "xpass", "unexpected pass: " passes[i])
	}
	if (bad)
		put("")
	for (i = 1; i <= unexpected; i++)
		entry("", listed_state[i], listed_id[i])
	if (refused_results)
		entry("", "fail", plural(refused_results, "result", "results") \
			": the lock is refused, see below")
	for (file in lost)
		entry("", "lost", plural(lost[file], "test", "tests") " of " file)
	for (i = 1; i <= troubles; i++)
		entry("", "broke", trouble[i])
	if (unexpected)
		put("one alone: " ENVIRON["L_AGAIN"] " -t \047" listed_id[1] "\047")

	put("")
	text = wrapped("In short: " answer() ".", 98, "", "  ")
	put(text, paint(text, "head"))
	exit gone ? 1 : nothing_to_lock() ? 4 : 0
}
'

# ---- the run ----

verdict=4
stopped=
programs=0
for name in $selected; do
	programs=$((programs + 1))
done

# Those who read the whole run from one file want its first line there before anything else.
say "KTAP version 1"
what="tests"
[ "$tests" != 1 ] || what="test"
header "$tests $what${strict:+, strict}"
say "1..$((programs * repeat))"

record=$work/record
: >"$record"
number=0
round=0
export L_NAME L_TITLE L_RUN L_KTAP L_RECORD L_STATUS L_HUNG L_CUT L_STRICT L_WANT L_NUMBER L_LIMIT
L_KTAP=$ktap
L_RECORD=$record
L_STRICT=$strict
L_LIMIT=$limit

# The result of one program: 0, 1 or 4, as run by round.
unexpected() {
	verdict=1
	[ -z "$stop" ] || stopped=1
}

run_program() {
	if [ -n "$stopped" ]; then
		say "ok $number $title # SKIP stopped at the first unexpected result"
		return
	fi
	if [ ! -s "$work/$name.want" ]; then
		got=$(cat "$work/$name.wrong")
		say "# broken: $got" "not ok $number $title"
		printf '%s\t%s\t\t\t\tbroke\t%s\n' "$round" "$name" "$got" >>"$record"
		unexpected
		return
	fi

	wanted=0
	eval "wanted=\$wanted_$name"
	say "  KTAP version 1" "  # Subtest: $title" "  1..$wanted"

	raw=$work/raw
	[ -z "$output" ] || raw=$output/$title.tap
	set --
	IFS=$newline
	for glob in $globs; do
		set -- "$@" -t "$glob"
	done
	unset IFS
	path_of "$name"
	progress "[$number/$((programs * repeat))] $title"
	began=$(date +%s)
	# shellcheck disable=SC2086 # words
	attend $limiter "$limit" "$path" "$@" </dev/null >"$raw" 2>&1
	L_STATUS=$?
	progress

	# Only some timeout(1) tell in their exit status that the time was up.
	L_HUNG=0
	case $L_STATUS in
	124)	L_HUNG=1 ;;
	0|[234]) ;;
	*)	[ $(($(date +%s) - began)) -lt "$limit" ] || L_HUNG=1 ;;
	esac
	L_CUT=0
	# A shell may have something to say of a NUL.
	{ got=$(tail -c 1 "$raw"); } 2>/dev/null
	[ -z "$got" ] || L_CUT=1
	L_NAME=$name
	L_TITLE=$title
	L_RUN=$round
	L_NUMBER=$number
	L_WANT=$work/$name.want
	attend awk "$convert" "$raw"
	got=$?
	case $got in
	0)	[ "$verdict" = 1 ] || verdict=0 ;;
	1)	unexpected ;;
	4)	;;
	*)	[ "$got" -gt 128 ] || die "the results could not be written"
		exit "$got" ;;
	esac
}

while [ "$round" -lt "$repeat" ]; do
	round=$((round + 1))
	for name in $selected; do
		number=$((number + 1))
		title=$name
		[ "$round" -eq 1 ] || title=$name.$round
		run_program
	done
done

export L_COLOUR=0 L_SUMMARY="$summary" L_REPEAT="$repeat" L_AGAIN="$again"
export L_VERBOSE="$verbose"
if [ -t 2 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	L_COLOUR=1
fi
export L_SKIPS L_FACTS L_RELEASE L_CAPABILITIES="$capabilities" L_MEDIUM="$medium"
L_MACHINE=$(uname -m)
L_RELEASE=$(uname -r | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
export L_MACHINE
# What may explain a skip, beside the release and the capabilities.
L_FACTS=
[ "$(id -u)" = 0 ] || L_FACTS="$L_FACTS user"
[ -z "$directory" ] || L_FACTS="$L_FACTS directory"
[ -z "$stop" ] || L_FACTS="$L_FACTS stopped"
case $(uname -r):$(uname -v) in
"4.4.0:#1 SMP Sun Jan 10 15:06:54 PST 2016") L_FACTS="$L_FACTS gvisor" ;;
esac
L_SKIPS=$here/skips
[ -f "$L_SKIPS" ] || L_SKIPS=$here/report/skips
attend awk "$report" "$record" >&2
got=$?
case $verdict:$got in
[04]:[14]) verdict=$got ;;
esac
exit "$verdict"
