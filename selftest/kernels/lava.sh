#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of kernels/lava without LAVA: the machine of a job is a folder here, in which what LAVA
# would run is run, and what LAVA would keep of it is kept in the form of its API.
# selftest/lava_server is the same with LAVA itself.

# shellcheck source-path=SCRIPTDIR source=../machine
. "$(dirname -- "$0")/../machine"

lava=$here/../kernels/lava
mkdir "$top/lava"

printf '%s\n' "promise.posix.a_claim ok" "promise.ofd.a_claim skip no ofd locks here" |
	program access
printf '%s\n' "practice.posix.odd raw # seen: a \"quote\", a comma@not ok %n %i" \
	"folklore.ofd.a_belief xfail somebody was overtaken" "folklore.flock.a_belief ok" \
	"promise.ofd.another broken no memory" | program barging
for kernel in new old; do
	an_image 1 >"$top/$kernel"
done

# What LAVA's scripts do: the case goes to the console, and into LAVA's database.
cat >"$top/lava/lava-test-case" <<'END'
#!/bin/sh
name=$1 result=$3 measurement=None units=
[ $# = 3 ] || { measurement=$5; units=$7; }
echo "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=$name RESULT=$result>"
echo "\"7\",\"0_lockfair\",\"$result\",\"$measurement\",\"$units\",\"\",\"{'case': '$name', \"\"a\"\"}\",\"$name\"" \
	>>"$CASES"
END
chmod +x "$top/lava/lava-test-case"

called() {
	ran="kernels/lava $*"
	MARKER=$marker "$lava" "$@" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

jobs() {
	rm -rf "$top/jobs"
	called jobs "$top/list" "$top/jobs" "$@"
}

# The log of a job, of what its console printed.
log() {
	echo '- {"dt": "2026-01-01T00:00:00.000000", "lvl": "info", "msg": "lava-dispatcher, started"}'
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/$/"}/
		s/^/- {"dt": "2026-01-01T00:00:00.000000", "lvl": "target", "msg": "/'
}

# Run the job of kernel $1 as LAVA would.
run_job() {
	job=$top/jobs/$1
	root=$top/root.$1
	rm -rf "$root"
	mkdir "$root"
	tar -C "$root" -xf "$job/initramfs"
	{
		echo '"job","suite","result","measurement","unit","level","metadata","name"'
		echo '"7","lava","pass","0.00","seconds","1.1","{}","deploy-overlay"'
	} >"$job/cases.csv"
	PATH=$top/lava:$PATH CASES=$job/cases.csv sh "$root/suite/lava" 2>&1 </dev/null >"$job/console"
	log <"$job/console" >"$job/log.yaml"
	rm -rf "$root"
}

# The line of case $2 in the results that LAVA has of kernel $1.
case_of() {
	grep -F ",\"$2\"" "$top/jobs/$1/cases.csv" | cut -d , -f 3-5 | tr -d '"'
}

row() {
	tr -s ' ' <"$top/out" | grep -A 3 "^$1" | grep "^ *$2 [a-zA-Z-]" | head -n 1 | sed 's/^ *//'
}

# ---- jobs ----

printf '%s\n' "# a comment" "$top/new" "$top/old shown" "gvisor shown" host >"$top/list"
jobs -- -t 'access:*' -t 'barging:*'
is "jobs: the exit status is 0" $rc 0
is "jobs: each kernel has one" "$(cut -d ' ' -f 1,3 "$top/jobs/list")" "new counts
old shown"
has "jobs: what LAVA cannot boot is left out, and named" err \
	"^kernels/lava: without gvisor: LAVA boots images$"
has "jobs: the job has its name" jobs/new/job.yaml '^job_name: lockfair new$'
has "jobs: the job has its kernel" jobs/old/job.yaml "^ *url: file://$top/jobs/old/kernel\$"
is "jobs: the kernel is that of the list" "$(cksum <"$top/jobs/old/kernel")" "$(cksum <"$top/old")"
has "jobs: the job has the test definition" jobs/new/job.yaml '^ *- sh /lockfair/lava$'
has_not "jobs: nothing is left to be filled in" jobs/new/job.yaml '@'
has_not "jobs: a kernel has no disk" jobs/new/job.yaml 'userland'
clean_after "jobs"

called jobs "$top/list" "$top/board" --url http://example.org/jobs/ \
	--template "$here/../kernels/for_lava/u-boot.yaml"
is "jobs for boards: the exit status is 0" $rc 0
has "jobs for boards: the job has the URL of its initramfs" board/new/job.yaml \
	'^ *url: http://example.org/jobs/new/initramfs.gz$'
has_not "jobs for boards: nothing is left to be filled in by us" board/new/job.yaml '@'
echo "$top/none" >"$top/list"
jobs
is "jobs of a kernel that is not there: the exit status is 2" $rc 2
has "jobs of a kernel that is not there: the message names it" err "no kernel '$top/none'"
echo host >"$top/list"
jobs
is "jobs of a list without an image: the exit status is 2" $rc 2
has "jobs of a list without an image: the message says so" err "has nothing that LAVA can boot"

# ---- what LAVA is told ----

printf '%s\n' "$top/new" "$top/old" >"$top/list"
jobs -- -t 'access:*' -t 'barging:*'
run_job new
run_job old
is "a result that holds is a pass" "$(case_of new access.promise.posix.a_claim)" "pass,None,"
is "a skip is a skip" "$(case_of new access.promise.ofd.a_claim)" "skip,None,"
is "a failure is a failure" "$(case_of new barging.practice.posix.odd)" "fail,None,"
is "an expected failure is a pass with a measurement" "$(case_of new barging.folklore.ofd.a_belief)" \
	"pass,1,xfail"
is "an unexpected pass is a pass with a measurement" "$(case_of new barging.folklore.flock.a_belief)" \
	"pass,1,xpass"
is "a test that broke is unknown" "$(case_of new barging.promise.ofd.another)" "unknown,1,broke"
is "the machine is a case" "$(case_of new the_machine_finishes)" "pass,None,"
is "LAVA is told of each result once" "$(grep -c 0_lockfair "$top/jobs/new/cases.csv")" 7

called jobs "$top/list" "$top/strict" -- -s -t 'barging:*'
mv "$top/jobs" "$top/kept" && mv "$top/strict" "$top/jobs"
run_job new
is "with -s an expected failure is a failure" "$(case_of new barging.folklore.ofd.a_belief)" \
	"fail,None,"
rm -rf "$top/jobs" && mv "$top/kept" "$top/jobs"

# ---- merge ----

called merge "$top/jobs"
is "merge: the exit status is that of the failures" $rc 1
is "merge: the folder has the files of --matrix" \
	"$(cd "$top/jobs" && set +f && echo i* m* r*)" "index.html matrix.md results.tsv"
is "merge: a kernel has the results of the suite" \
	"$(cut -f 1,2 "$top/jobs/new/results.tsv" | tr '\t' ' ' | sort | head -n 3)" \
	"access:promise.ofd.a_claim skip
access:promise.posix.a_claim hold
barging:folklore.flock.a_belief xpass"
has "merge: the notes come through LAVA's log" jobs/index.html 'a &quot;quote&quot;, a comma'
has "merge: the table counts them" out '^yes  *2  *2$'
has "merge: nothing differs" out '^0 tests differ, 6 are the same on all\.$'
has "merge: the verdict names what is unexpected" err '^  barging:practice.posix.odd$'
clean_after "merge"

: >"$top/jobs/old/cases.csv"
called merge "$top/jobs"
is "a job that LAVA has no results of: the table shows it" "$(row machine: '')" "yes FAIL"
has "a job that LAVA has no results of: it is named" err \
	'^kernels/lava: old: LAVA has no log and no results of it$'
rm -rf "$top/jobs/old"
called merge "$top/jobs"
is "a job that is missing: the exit status is 1" $rc 1
is "a job that is missing: the table shows it" "$(row machine: '')" "yes FAIL"
has "a job that is missing: the verdict names it" err '^old: 1 unexpected:$'

jobs -- -t 'access:*' -t 'barging:*'
run_job old
# A machine that dies before the archive, and one that dies before its last line.
for how in 's/lockfair: archive .*/Kernel panic - not syncing: \\"boom\\"/' last; do
	run_job new
	[ "$how" != last ] ||
		how=$(grep -n 'lockfair: archive' "$top/jobs/new/log.yaml" | tail -n 1 | cut -d : -f 1)d
	sed "$how" "$top/jobs/new/log.yaml" >"$top/log" && mv "$top/log" "$top/jobs/new/log.yaml"
	called merge "$top/jobs"
	is "an archive that is not whole: the table shows it" "$(row machine: '')" "FAIL yes"
	has "an archive that is not whole: it is said" err \
		'new: the job ended before all of the results had come$'
	is "an archive that is not whole: LAVA's cases count" \
		"$(cut -f 1,2 "$top/jobs/new/results.tsv" | tr '\t' ' ' | sort | sed -n '2,4p')" \
		"access:promise.posix.a_claim hold
barging:folklore.flock.a_belief xpass
barging:folklore.ofd.a_belief xfail"
done
# LAVA lost a case, or has it otherwise: the serial line garbled it.
for how in /a_claim/d '/posix.a_claim/s/pass/fail/'; do
	run_job new
	sed "$how" "$top/jobs/new/cases.csv" >"$top/log" && mv "$top/log" "$top/jobs/new/cases.csv"
	called merge "$top/jobs"
	is "cases that are not the results ($how): the table shows it" "$(row machine: '')" "FAIL yes"
	has "cases that are not the results ($how): it is said" err \
		"new: LAVA's cases are not the results of the suite:$"
done

FAKE_DMESG="rcu: INFO: rcu_sched detected stalls, WARNING: soft lockup" run_job new
is "a slow machine is no failure" "$(case_of new the_machine_finishes)" "pass,None,"
FAKE_DMESG="BUG: KASAN: use-after-free in locks_free_lock" run_job new
is "a kernel that complains: the machine is a failure" "$(case_of new the_machine_finishes)" "fail,None,"
called merge "$top/jobs"
has "a kernel that complains: it is said" err 'new: the kernel complained while the suite ran$'
has "a kernel that complains: the page has the complaint" jobs/index.html 'use-after-free in locks_free_lock'

rm -rf "$top/jobs"
called merge "$top/jobs"
is "merge of no folder: the exit status is 2" $rc 2
mkdir "$top/jobs"
called merge "$top/jobs"
is "merge of a folder without jobs: the exit status is 2" $rc 2
has "merge of a folder without jobs: the message says so" err "names no jobs"
called jobs "$top/list"
is "jobs without a folder: the exit status is 2" $rc 2
has "jobs without a folder: prints the usage" err 'kernels/lava jobs '
clean_after "wrong usage"

finish
