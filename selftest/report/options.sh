#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: the options that choose tests and repeat them, -h, and wrong usage.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

healthy_suite

# ---- choosing tests ----

run -l
is "-l: the exit status is 0" $rc 0
is "-l: prints every id" "$(grep -c '^[a-z_]*:[a-z]*\.[a-z]*\.[a-z_]*$' "$top/out")" 38
is "-l: prints nothing else" "$(grep -c '' "$top/out")" 38
run --list -t 'barging:*.flock.*'
is "-l -t: prints the ids that match" "$(cut -d . -f 1,2 "$top/out" | tr '\n' ' ')" \
	"barging:folklore.flock barging:practice.flock "
run -t 'barging:folklore.ofd.*' -t '*:promise.lockf.[!x]*'
is "-t twice: the exit status is 0" $rc 0
is "-t twice: runs the tests that match either" "$(results_of)" 3
has "-t twice: programs without a chosen test do not run" out '^1\.\.3$'
well_formed "-t"
run --test='queue_order:*.futex.eight*'
is "--test=GLOB chooses tests" "$(results_of)" 1
run -tqueue_order:*.futex.eight*
is "-tGLOB chooses tests" "$(results_of)" 1
has "the totals count one result in the singular" err '^1 result: all as expected$'
has "the table has columns only for kinds that ran" err '^ *futex$'
has "the answer: only about tests that ran" err '^In short: futex queues in order\.$'
run -t 'exclusion:*.ofd.*'
has "the answer: exclusion alone" err '^In short: ofd excludes\.$'
run -t 'exclusion:promise.futex.*'
has "the answer: says when no test of it had a result" err \
	'^In short: no test of exclusion, order, barging or alternation had a result\.$'
run -t 'barging:practice.*'
has_not "the answer: only other tests were chosen" err '^In short'
is "the answer: only other tests were chosen: the table ends without a blank line" \
	"$(tail -n 1 "$top/err")" "4 results: all as expected"
run -t 'alternation:folklore.[pe]*'
has "the answer: alternation alone" err \
	'^In short: posix does not alternate strictly; eventfd alternates strictly\.$'

run -n 3 -t 'exclusion:*' -t 'barging:*.ofd.*'
is "-n: the exit status is 0" $rc 0
well_formed "-n"
is "-n: the names have the round" "$(sed -n 's/^ok [0-9] //p' "$top/out" | tr '\n' ' ')" \
	"barging exclusion barging.2 exclusion.2 barging.3 exclusion.3 "
has "-n: the totals count all rounds" err '^24 results of 3 runs: all \(that ran \)*as expected'
has "-n: a cell has no count if all rounds agree" err 'a counter is right .*yes .*skip$'
run --repeat=2 -t 'exclusion:*.ofd.*'
is "--repeat=N repeats" "$(results_of)" 2

run -s
is "--strict: the exit status is 1" $rc 1
well_formed "--strict"
has "--strict: an expected failure is not ok" out '^  not ok 1 folklore.posix.sides_alt'
has "--strict: the header says so" out '^# lockfair: .*strict'
has "--strict: the command that runs one alone has -s" err \
	"^run one alone: ./run_tests.sh -s -t 'alternation:f"
run -so "$top/strict" -t 'alternation:folklore.posix*'
grep -q '^not ok 1 folklore' "$top/strict/alternation.tap"
result $? "--strict: the program gets it"
run -st '*:p*'
is "--strict, nothing expected to fail: the exit status is 0" $rc 0

printf '#!/bin/sh\n: >"%s/started"\n' "$top" >"$programs/tripwire"
chmod +x "$programs/tripwire"
run -t 'exclusion:*'
[ ! -e "$top/started" ]
result $? "-t: a program that no glob names is not started, not even for its ids"
rm "$programs/tripwire"

# ---- -h ----

run -h
is "-h: the exit status is 0" $rc 0
is "-h: at most 60 lines" "$(awk 'END { print (NR <= 60 && NR > 10) }' "$top/out")" 1
is "-h: at most 79 columns" "$(awk 'length($0) > 79 || /\t/' "$top/out")" ""
is "-h: prints nothing on stderr" "$(cat "$top/err")" ""
cp "$top/out" "$top/help"
run --help
cmp -s "$top/out" "$top/help"
result $? "--help prints the same as -h"
for option in -l -t -n -x -d -o -s -v -h --list --test --repeat --stop --directory --output \
	--strict --verbose --setup --self-test --help --version; do
	grep -q -e " ${option}[ ,]" "$top/help"
	result $? "-h describes $option"
done

# ---- --version, and a link ----

run --version
is "--version prints the version" "$(cat "$top/out")" "lockfair $(cat "$here/../report/version")"
ln -s "$(cd "${front_door%/*}" && pwd)/run_tests.sh" "$top/bin/lockfair"
ran="a link to run_tests.sh"
LOCKFAIR_PROGRAMS=$programs $SH "$top/bin/lockfair" -s -t 'barging:folklore.ofd.*' \
	>"$top/out" 2>"$top/err"
rc=$?
is "a link to run_tests.sh: the exit status is 1" $rc 1
has "a link to run_tests.sh: the command that runs one alone has its name" err \
	"^run one alone: lockfair -s -t 'barging:f"
$SH "$top/bin/lockfair" -z >"$top/out" 2>"$top/err"
has "a link to run_tests.sh: messages begin with its name" err '^lockfair: unknown option -z'
$SH "$top/bin/lockfair" -h >"$top/out" 2>"$top/err"
has "a link to run_tests.sh: -h has its name" out '^usage: lockfair '
has_not "a link to run_tests.sh: -h has no other name" out 'run_tests'

# ---- wrong usage ----

: >"$top/plain_file"
refused "a glob that matches nothing" "no test matches 'nobody:\*'" -t 'nobody:*'
refused "one of two globs that matches nothing" "no test matches 'none'" -t '*' -t none
refused "a glob with a space around it" 'an id has no spaces' -t ' barging:*'
refused "globs in one argument, with spaces" 'for several globs repeat -t' -t 'barging:* readers:*'
refused "globs in one argument, with commas" 'no comma; for several globs repeat -t' \
	-t 'barging:*,readers:*'
refused "an empty glob" "'' is no value for it" -t ''
refused "a glob of two lines" "'a b' is no value for it" -t 'a
b'
refused "a glob that matches nothing, with -l" 'no test matches' -l -t nothing
refused "an unknown option" 'unknown option -z' -z
refused "an option of --bisect without it" '--runs belongs to --bisect' --runs 2
refused "an unknown long option" 'unknown option --zap' --zap
refused "an unknown long option with a value" 'unknown option --zap=1' --zap=1
refused "a value for an option that takes none" 'unknown option --list=1' --list=1
refused "an unknown option in a cluster" 'unknown option -z' -lz
refused "an argument" "unknown argument 'barging'" barging
refused "-n 0" "'0' is not a number" -n 0
refused "-n x" "'x' is not a number" -n x
refused "-n -1" "'-1' is not a number" -n -1
refused "-n 1.5" 'is not a number' -n 1.5
refused "-n ''" "'' is not a number" -n ''
refused "-n too many" 'is not a number' -n 99999999999999999999
for option in -t -n -d -o --test --output; do
	refused "$option without its value" "$option needs a value" $option
done
refused "-d: missing" 'does not exist' -d "$top/missing"
refused "-d: a file" 'is not a directory' -d "$top/plain_file"
refused "-d: empty" 'empty' -d ''
refused "-o: below a file" 'cannot be made: Not a directory' -o "$top/plain_file/x"
refused "-o: a file" 'cannot be made: File exists' -o "$top/plain_file"
refused "-o: in /proc" 'cannot be made' -o /proc/self/lockfair
refused "--self-test with another option" '--self-test takes no other' --self-test -x
refused "a glob that matches nothing makes no -o directory" 'no test matches' \
	-o "$top/never" -t nobody
[ ! -e "$top/never" ]
result $? "a glob that matches nothing: the -o directory does not exist"
limit=soon
refused "a time limit that is not a number" "'soon' is not a number"
limit=60
new_suite nothing
refused "no programs" 'no programs in'
programs=$top/missing
refused "no directory of programs" 'no programs in'
real_tmp=$TMPDIR
TMPDIR=$top/missing
new_suite healthy
refused "no temporary directory" 'cannot make a temporary directory in'
TMPDIR=$real_tmp

finish
