#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests and report what they found; see -h.
#
# stdout is KTAP version 1 and nothing else. Text for people follows on stderr. Nothing is installed
# without --setup.
#
# A test program lists its ids, FILE:CLASS.KIND.CLAIM, with -l, and runs tests with -t GLOB. It
# reads LOCKFAIR_DIR, LOCKFAIR_STOP (after how many unexpected results it ends), LOCKFAIR_DEADLINE,
# LOCKFAIR_EFFORT and LOCKFAIR_STRICT. On SIGTERM it draws the history of the running test, and ends
# with all its processes.

set -u
set -f
export LC_ALL=C
unset CDPATH

# A link to this script, such as /usr/bin/lockfair, gives it its name.
me=${0##*/}
self=$0
[ ! -L "$0" ] || self=$(readlink -f -- "$0") || exit 128

# git bisect run takes exit status 2 for a bad commit: kernels/bisect must see even a wrong option
# first.
for option in "$@"; do
	case $option in
	--bisect|--bisect=*)
		bisect=$(dirname -- "$self")/kernels/bisect
		[ ! -x "$bisect" ] || exec "$bisect" "$@"
		printf '%s: --bisect needs the folder kernels of the source tree\n' "$me" >&2
		exit 128 ;;
	esac
done

case $self in
*/*)	here=${self%/*} ;;
*)	here=. ;;
esac
here=$(cd -- "${here:-/}" && pwd) || exit 2

# The rest of this script, and its awk programs. An installed suite is one flat folder.
report=$here/report
[ -r "$report/shell" ] || report=$here
if [ ! -r "$report/shell" ]; then
	printf '%s: the folder report is missing in %s\n' "$me" "$here" >&2
	exit 2
fi
# shellcheck source-path=SCRIPTDIR source=report/shell
. "$report/shell"
# shellcheck source-path=SCRIPTDIR source=report/packages
. "$report/packages"
# shellcheck source-path=SCRIPTDIR source=report/other_kernel
. "$report/other_kernel"
# shellcheck source-path=SCRIPTDIR source=report/selection
. "$report/selection"
# shellcheck source-path=SCRIPTDIR source=report/build
. "$report/build"
# shellcheck source-path=SCRIPTDIR source=report/medium
. "$report/medium"
# shellcheck source-path=SCRIPTDIR source=report/header
. "$report/header"
# shellcheck source-path=SCRIPTDIR source=report/run_preflight
. "$report/run_preflight"
# shellcheck source-path=SCRIPTDIR source=report/run_figures
. "$report/run_figures"
# shellcheck source-path=SCRIPTDIR source=report/kernel_log
. "$report/kernel_log"

# Print lines of KTAP. If the reader is gone and SIGPIPE is ignored, exit as if by SIGPIPE.
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
directory_given=
second=
output=
strict=
[ "${LOCKFAIR_STRICT-}" != 1 ] || strict=1
verbose=
all=
list=
setup=
self_test=
figures=
rounds=
again=./$me
[ ! -L "$0" ] || again=$me
others=
matrix=
matrix_options=
specs=
filesystems=
compared=
machine_options=

while [ $# -gt 0 ]; do
	case $1 in
	--*=*)
		option=${1%%=*}
		value=${1#*=}
		case $option in
		--test|--repeat|--directory|--output|--rounds|--shard) ;;
		--kernel|--kernels|--jobs|--vm|--cpus|--memory|--append|--filesystem) ;;
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
	-h|--help)	sed "s|run_tests\.sh|$me|g" "$report/help" 2>/dev/null; exit 0 ;;
	--version)	printf 'lockfair %s\n' "$(cat "$report/version")"; exit 0 ;;
	-l|--list)	list=1 ;;
	-x|--stop)	stop=1 ;;
	-s|--strict)	strict=1 ;;
	-v|--verbose)	verbose=1 ;;
	--all)		all=1 ;;
	--setup)	setup=1 ;;
	--self-test)	self_test=1 ;;
	--figures)	figures=1 ;;
	-t|--test)
		wants "$1" $#
		shift
		is_line -t "$1"
		globs=$globs$1$newline ;;
	--rounds)
		wants "$1" $#
		shift
		rounds=$1
		case $rounds in
		''|*[!0-9]*|0*|????*) die "--rounds: '$rounds' is not a number from 1 to 999" ;;
		esac ;;
	--shard)
		wants "$1" $#
		shift
		read_shard "$1" ;;
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
		[ -n "$1" ] || die "-d: the name is empty"
		[ -z "$second" ] || die "-d: two directories are enough"
		[ -z "$directory_given" ] || second=$1
		[ -n "$directory_given" ] || directory=$1
		directory_given=1 ;;
	-o|--output)
		wants "$1" $#
		shift
		output=$1
		[ -n "$output" ] || die "-o: the name is empty" ;;
	-k|--kernel)
		wants "$1" $#
		shift
		is_line -k "$1"
		specs=$specs$1$newline ;;
	--filesystem)
		wants "$1" $#
		shift
		is_line --filesystem "$1"
		filesystems=$filesystems$1$newline ;;
	--matrix) matrix=1 ;;
	--filesystems) compared=1 ;;
	--kernels|--jobs)
		wants "$1" $#
		is_line "$1" "$2"
		matrix_options=$matrix_options$1$newline$2$newline
		shift ;;
	--vm|--cpus|--memory|--append)
		wants "$1" $#
		is_line "$1" "$2"
		machine_options=$machine_options$1$newline$2$newline
		shift ;;
	--expect|--runs|--panic-is-bad)
		die "$1 belongs to --bisect, and comes after it" ;;
	-?*)	die "unknown option $1 (-h lists them)" ;;
	*)	die "unknown argument '$1' (choose a test by -t GLOB; see -h)" ;;
	esac
	case $1 in
	--self-test|--setup) ;;
	*) others=1 ;;
	esac
	shift
done

[ -z "$self_test" ] || [ -z "$others" ] || die "--self-test takes no other option except --setup"
[ -z "$all" ] || [ -z "$second" ] || die "--all takes no second -d (see doc/reading.md)"
[ -n "$figures" ] || [ -z "$rounds" ] || die "--rounds is for --figures"
if [ -n "$figures" ]; then
	case $globs$shard$stop$strict$verbose$all$list$repeat in
	1) ;;
	*) die "--figures can only be combined with --rounds, -d, -o, -k and --setup" ;;
	esac
fi

limit=${LOCKFAIR_TIME_LIMIT:-120}
case $limit in
''|*[!0-9]*|0*|???????*) die "LOCKFAIR_TIME_LIMIT: '$limit' is not a number of seconds" ;;
esac

# A closed stderr is no reason to fail.
true >&2 || exec 2>/dev/null

# ---- another kernel ----

[ -z "$specs$matrix$filesystems" ] || run_elsewhere
[ -z "$machine_options" ] || die "--vm, --cpus, --memory and --append belong to -k and --matrix"
[ -z "$matrix_options$compared" ] ||
	die "--kernels, --jobs and --filesystems belong to --matrix"

# ---- the programs ----

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

# The tests reopen files through /proc, and see there which task sleeps.
[ -n "$list" ] || [ -r /proc/self/status ] ||
	die "no test can run without /proc: mount -t proc proc /proc"
make_work
if [ -n "$directory" ]; then
	resolve "$directory"
	absolute=$got
fi
find_programs "${LOCKFAIR_PROGRAMS:-$here}"
if [ -n "${LOCKFAIR_PROGRAMS-}" ]; then
	[ -n "$names" ] || die "LOCKFAIR_PROGRAMS: no programs in $LOCKFAIR_PROGRAMS"
elif ! built && [ -f "$here/Makefile" ]; then
	build
	find_programs "$here"
fi
[ -n "$names" ] || die "no test programs in $here (make builds them)"
spread_programs
# With --figures, run no tests.
[ -z "$figures" ] || names=

# In an old busybox, timeout has no -k.
limiter="timeout -k 5"
timeout -k 5 5 true 2>/dev/null || limiter=timeout

select_tests
if [ -n "$list" ]; then
	for name in $selected; do
		[ ! -s "$work/$name.want" ] || say "$(cat "$work/$name.want")"
	done
	[ -z "$broken_listing" ] || exit 1
	exit 0
fi

# ---- where results and lock files go ----

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_HISTORIES
[ -z "${LOCKFAIR_FILESYSTEM-}" ] || again="$again --filesystem $(quoted "$LOCKFAIR_FILESYSTEM")"
[ -z "${LOCKFAIR_KERNEL-}" ] || again="$again -k $(quoted "$LOCKFAIR_KERNEL")"
[ -z "$stop" ] || export LOCKFAIR_STOP=1
if [ -n "$strict" ]; then
	again="$again -s"
	export LOCKFAIR_STRICT=1
fi
if [ -n "$directory" ]; then
	[ -n "${LOCKFAIR_FILESYSTEM-}" ] || again="$again -d $(quoted "$directory")"
	make_locks "$absolute"
	export LOCKFAIR_DIR="$locks"
fi
unset LOCKFAIR_OTHER_DIR
other=
if [ -n "$second" ]; then
	resolve "$second"
	second=$got
	[ -n "${LOCKFAIR_FILESYSTEM-}" ] || again="$again -d $(quoted "$second")"
	other=$second/${locks##*/}
fi
summary=/dev/null
results=$work/results.tsv
if [ -n "$output" ]; then
	case $output in
	/*) ;;
	*) output=$PWD/$output ;;
	esac
	[ -d "$output" ] || mkdir -p -- "$output" 2>"$work/noise" ||
		die "-o: $output cannot be made: $(sed -n 's/.*: //p' "$work/noise")"
	ktap=$output/results.ktap
	summary=$output/summary.txt
	results=$output/results.tsv
	[ -z "$figures" ] ||
		{ ktap=$output/figures.txt; summary=/dev/null; results=$work/results.tsv; }
	{ : >"$ktap" && : >"$summary" && : >"$results"; } 2>/dev/null ||
		die "-o: $output is not writable"
	# Moving the histories out of a guest would take longer than the tests.
	if [ -z "$figures${LOCKFAIR_MACHINE-}" ]; then
		export LOCKFAIR_HISTORIES="$output/histories"
		mkdir -p -- "$LOCKFAIR_HISTORIES" 2>/dev/null || die "-o: $output is not writable"
	fi
fi

if [ -n "$figures" ]; then
	run_figures
	exit 0
fi

# ---- the run ----

verdict=4
stopped=
cut_short=
# shellcheck disable=SC2086 # words
set -- $selected
programs=$#

# "KTAP version 1" must be the first line of the report.
say "KTAP version 1"
what="tests"
[ "$tests" != 1 ] || what="test"
header "$tests $what${shard:+ of shard $shard}${strict:+, strict}"
say "1..$((programs * repeat))"

say_shard >"$results"
number=0
round=0
export L_NAME L_TITLE L_KTAP L_RESULTS L_STATUS L_HUNG L_CUT L_STRICT L_WANT L_NUMBER L_LIMIT
export LOCKFAIR_TIME_LIMIT="$limit"
L_KTAP=$ktap
L_RESULTS=$results
L_STRICT=$strict
L_LIMIT=$limit

# Note an unexpected result. With -x it ends the run.
unexpected() {
	verdict=1
	[ -z "$stop" ] || stopped=1
}

# Run $* with the second path, and with what the preflight has found of both.
# shellcheck disable=SC2317 # attend calls it
run_across() {
	export LOCKFAIR_OTHER_DIR="$other" \
		LOCKFAIR_MISSING="${LOCKFAIR_MISSING-}$apart_as_known" \
		LOCKFAIR_SHARED="${LOCKFAIR_SHARED-}$apart"
	exec "$@"
}

# A program of NAME_across is run by that name: set path and runner.
choose_runner() {
	runner=
	case $name in
	*_across)
		ln -sf "$(cd -- "${path%/*}" && pwd)/${path##*/}" "$work/$name"
		path=$work/$name
		runner=run_across ;;
	esac
}

run_program() {
	if [ -n "$stopped" ]; then
		say "ok $number $title # SKIP stopped at the first unexpected result"
		return
	fi
	if [ -n "$trouble" ]; then
		say "# broken: the file system of $directory $trouble" "not ok $number $title"
		verdict=1
		[ -n "$cut_short" ] || printf '%s\tbroke\t%s, from %s on nothing was run\t\t\n' \
			"the file system" "$trouble" "$title" >>"$results"
		cut_short=1
		return
	fi
	if [ ! -s "$work/$name.want" ]; then
		got=$(cat "$work/$name.wrong")
		say "# broken: $got" "not ok $number $title"
		printf '%s\tbroke\t%s\t\t\n' "$name" "$got" >>"$results"
		unexpected
		return
	fi

	wanted=0
	eval "wanted=\$wanted_$name"
	say "  KTAP version 1" "  # Subtest: $title" "  1..$wanted" \
		"  # selftests: lockfair: $title"

	raw=$work/raw
	[ -z "$output" ] || raw=$output/$title.tap
	set --
	IFS=$newline
	for glob in $globs; do
		set -- "$@" -t "$glob"
	done
	unset IFS
	path_of "$name"
	choose_runner
	progress "[$number/$((programs * repeat))] $title"
	began=$(date +%s)
	# shellcheck disable=SC2086 # words
	attend $runner $limiter "$limit" "$path" "$@" </dev/null >"$raw" 2>&1
	L_STATUS=$?
	progress
	report_complaints "$name"
	[ -z "$got" ] || say "$got"

	# Not every timeout(1) reports in its exit status that the time was up.
	L_HUNG=0
	case $L_STATUS in
	124)	L_HUNG=1 ;;
	0|[234]) ;;
	*)	[ $(($(date +%s) - began)) -lt "$limit" ] || L_HUNG=1 ;;
	esac
	L_CUT=0
	# A shell may warn about a NUL byte.
	{ got=$(tail -c 1 "$raw"); } 2>/dev/null
	[ -z "$got" ] || L_CUT=1
	L_NAME=$name
	L_TITLE=$title
	L_NUMBER=$number
	L_WANT=$work/$name.want
	attend awk -f "$report/ktap.awk" -f "$report/one_line.awk" "$raw"
	got=$?
	case $got in
	0)	[ "$verdict" = 1 ] || verdict=0 ;;
	1)	unexpected
		answers ;;
	4)	;;
	*)	[ "$got" -gt 128 ] || die "the results could not be written"
		exit "$got" ;;
	esac
}

count_complaints
while [ "$round" -lt "$repeat" ]; do
	round=$((round + 1))
	for name in $selected; do
		number=$((number + 1))
		title=$name
		[ "$round" -eq 1 ] || title=$name.$round
		run_program
	done
done

facts_about_skips
L_COLUMNS=$(columns_of 2)
export L_COLUMNS
export L_COLOUR=0 L_SUMMARY="$summary" L_REPEAT="$repeat" L_AGAIN="$again" L_VERBOSE="$verbose"
export L_SKIPS="$report/skips" L_ANSWERS="$report/answers" L_MEDIUM="$medium" L_FATES="$work/fates"
export L_SCOPE="$work/scope" L_APART="$apart$apart_as_known"
if [ -t 2 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	L_COLOUR=1
fi
attend awk -f "$report/summary.awk" -f "$report/answer.awk" -f "$report/series.awk" \
	-f "$report/expected_skips.awk" "$results" >&2
got=$?
[ ! -s "$work/kernel_log" ] || cat "$work/kernel_log" >&2
[ -z "${LOCKFAIR_HISTORIES-}" ] || rmdir "$LOCKFAIR_HISTORIES" 2>/dev/null
case $verdict:$got in
[04]:[14]) verdict=$got ;;
esac
[ -z "$trouble" ] || verdict=5
exit "$verdict"
