#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of kernels/mutate, on a fake kernel tree, and of how kernels/check_mutants judges and
# kernels/coverage counts.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_MUTANTS
kernels=$here/../kernels
tab=$(printf '\t')

# ---- kernels/mutate ----

# A kernel of version $1.
tree() {
	rm -rf "$top/tree"
	mkdir -p "$top/tree/fs" "$top/tree/include/linux"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 3\n' "${1%.*}" "${1#*.}" >"$top/tree/Makefile"
	echo 'obj-y := locks.o' >"$top/tree/fs/Makefile"
	cat >"$top/tree/fs/locks.c" <<-'END'
	static int wait_for(int a);

	int two(int a)
	{
	    if (a > 1)
	        return wait_for(a);
	    return 0;
	}

	static int
	wait_for(int a)
	{
	    while (a > 1)
	        a--;
	    again(a);
	    again(a + 1);
	    return two(a);
	}
	END
}

# Read the edits from stdin.
edits() {
	rm -rf "$top/edits"
	mkdir "$top/edits"
	cp "$kernels/mutants/mutant.h" "$kernels/mutants/mutant.c" "$kernels/mutants/become.c" \
		"$top/edits/"
	: >"$top/edits/locks.c"
	cat >"$top/edits/some.edits"
}

mutate() {
	LOCKFAIR_MUTANTS=$top/edits "$kernels/mutate" "$@" >"$top/out" 2>&1
	rc=$?
}

source=$top/tree/fs/locks.c
mutant="mutant${tab}one
says${tab}A thing.
seen${tab}a:*
in${tab}fs/locks.c "

tree 6.12
edits <<-END
	${mutant}wait_for
	before${tab}while
	put${tab}if (MUTANT) return 1;

	mutant${tab}two
	says${tab}Another.
	seen${tab}b:*
	in${tab}fs/locks.c two|zwei
	before${tab}a > 1
	put${tab}MUTANT ? 0 :

	mutant${tab}three
	says${tab}A third one.
	seen${tab}c:*
	in${tab}fs/locks.c two
	before${tab}a > 1
	put${tab}MUTANT ? 1 :
END
mutate "$top/tree"
is 'edits that fit are made' $rc 0
has 'an edit is made in the definition, not in the declaration' tree/fs/locks.c \
	'^     if (lockfair_mutant_is(1)) return 1;$'
has 'edits of one place keep their order' tree/fs/locks.c \
	'if ( lockfair_mutant_is(2) ? 0 :  lockfair_mutant_is(3) ? 1 : a > 1)$'
has 'the edited file includes the header first' tree/fs/locks.c \
	'^#include <linux/lockfair_mutant.h>$'
has 'the kernel has the names of the mutants' tree/fs/lockfair_mutant.c '\[3\] = "three",$'
has 'the Makefile compiles the list of names' tree/fs/Makefile 'lockfair_mutant\.o$'
is 'edits only insert text' \
	"$(sed 's/^ *if (lockfair_mutant_is(1)) return 1;$//; s/lockfair_mutant_is([23]) ? [01] ://g' "$source" |
	tr -d ' \n')" "$(tree 6.12; { echo '#include <linux/lockfair_mutant.h>'; cat "$source"; } | tr -d ' \n')"

# $1: what is wrong; $2: a pattern for the message; stdin: the edits.
wrong() {
	tree 6.12
	edits
	cp "$source" "$top/before"
	mutate "$top/tree"
	is "$1: an error" $rc 1
	has "$1: the message names it" out "$2"
	cmp -s "$source" "$top/before"
	result $? "$1: the file is not changed" "it was changed"
}

wrong 'no place' 'mutant one: no matches of /until/' <<-END
	${mutant}wait_for
	before${tab}until
	put${tab}x;
END
wrong 'two places' 'mutant one: 2 matches of /again/' <<-END
	${mutant}wait_for
	before${tab}again
	put${tab}x;
END
wrong 'no function' 'mutant one: no definition' <<-END
	${mutant}wait
	before${tab}again
	put${tab}x;
END
wrong 'no file' 'no fs/flocks.c in' <<-END
	mutant${tab}one
	says${tab}A thing.
	seen${tab}a:*
	in${tab}fs/flocks.c two
	before${tab}again
	put${tab}x;
END
wrong 'no claim' 'either seen or equivalent' <<-END
	mutant${tab}one
	says${tab}A thing.
	in${tab}fs/locks.c two
	before${tab}return 0
	put${tab}x;
END
wrong 'no keyword' 'not a keyword: befor' <<-END
	${mutant}two
	befor${tab}return 0
	put${tab}x;
END
wrong 'a name twice' 'taken: one' <<-END
	${mutant}two
	before${tab}return 0
	put${tab}x;

	${mutant}two
	before${tab}return 0
	put${tab}x;
END

tree 6.12
edits <<-END
	${mutant}wait_for
	past${tab}while
	upto${tab}a . 1
	after${tab}again.a.;
	put${tab}x;
END
mutate "$top/tree"
is 'past and upto choose among several' $rc 0
has 'after: inserts behind the match' tree/fs/locks.c 'again(a); x;$'

# $1: version of the kernel; $2: how many mutants there are for it.
for_version() {
	tree "$1"
	edits <<-END
		mutant${tab}one
		says${tab}A thing.
		seen${tab}a:*
		since${tab}6.6
		until${tab}7.0
		in${tab}fs/locks.c two
		before${tab}return 0
		put${tab}if (MUTANT) x;

		mutant${tab}two
		says${tab}A thing.
		seen${tab}a:*
		in${tab}fs/locks.c two
		before${tab}return 0
		put${tab}if (MUTANT) y;
	END
	mutate -p "$1"
	is "since and until: Linux $1" "$(grep -c . "$top/out")" "$2"
}
for_version 6.1 1
for_version 6.6 2
for_version 6.12 2
for_version 7.0 1
for_version 7.3 1

unset LOCKFAIR_MUTANTS
"$kernels/mutate" -l >"$top/out" 2>&1
is 'every mutant of kernels/mutants can be read' $? 0

# ---- kernels/check_mutants.awk ----

# A result for each line of stdin: MUTANT FILE CLASS KIND CLAIM VERDICT [REASON]; or MUTANT dies in
# ID.
judge() {
	{
		echo "kernel${tab}file"
		while read -r kernel file class kind claim verdict reason; do
			case $file:$class in
			dies:in)
				file=machine class='' claim=lives verdict=FAIL
				reason="panicked${tab}the guest (a b) panicked while $kind ran"
				kind='' ;;
			esac
			printf '%s	%s	%s	%s	%s	%s	%s
' "$kernel" "$file" "$class" "$kind" \
				"$claim" "$verdict" "$reason"
		done
	} >"$top/results.tsv"
	awk -v everything="$1" -v list="$top/list" -v version=6.12 \
		-f "$kernels/check_mutants.awk" "$top/results.tsv" >"$top/out" 2>&1
	rc=$?
}

printf '%s\t\tIt breaks.\t%s\t1\n' m1 'a:*.posix.first b:*' >"$top/list"
plain='none a promise posix first yes
none a promise ofd first yes
none b folklore posix second no'

judge 1 <<-END
	$plain
	m1 a promise posix first FAIL
	m1 a promise ofd first yes
	m1 b folklore posix second no
END
is 'a mutant noticed by a claim that it names is caught' \
	"$rc $(grep caught "$top/out")" "0 Linux 6.12: caught 1 of 1"
has 'a caught mutant: the table names the claim and the kind' out '^      a: first (posix)$'

judge 1 <<-END
	$plain
	m1 a promise posix first yes
	m1 a promise ofd first FAIL
	m1 b folklore posix second no
END
is 'a mutant noticed only for another kind is not caught' \
	"$rc $(grep caught "$top/out")" "1 Linux 6.12: caught 0 of 1"
has 'a mutant noticed only for another kind survives' out '^  m1, noticed by others'

judge 1 <<-END
	$plain
	m1 a promise posix first BROKE
	m1 a promise ofd first yes
	m1 b folklore posix second no
END
is 'a broken test notices nothing' "$rc $(grep caught "$top/out")" "1 Linux 6.12: caught 0 of 1"
has 'a claim that no mutant made fail is named' out '^  a:promise.first$'
is 'folklore that does not hold has been seen to fail' "$(grep -c '^  b:folklore' "$top/out")" 0

judge 1 <<-END
	$plain
	m1 a promise posix first yes
	m1 a promise ofd first yes
	m1 b folklore posix second yes
END
is 'folklore that holds in a mutant notices it' \
	"$(grep caught "$top/out")" "Linux 6.12: caught 1 of 1"

judge '' <<-END
	$plain
	none a promise flock first FAIL
	m1 a promise posix first FAIL
	m1 a promise flock first FAIL
END
is 'a failure in the plain kernel is no proof' \
	"$rc $(grep -c '^  a:promise.flock.first' "$top/out")" "1 1"

judge '' <<-END
	$plain
	m1 dies in a:promise.posix.first
END
is 'a mutant that dies in a claim that it names is caught' \
	"$rc $(grep caught "$top/out")" "0 Linux 6.12: caught 1 of 1"
judge '' <<-END
	$plain
	m1 dies in a:promise.ofd.first
END
is 'a mutant that dies in another claim is not caught' \
	"$rc $(grep caught "$top/out")" "1 Linux 6.12: caught 0 of 1"

# A claim that did not run, in the mutant or in the plain kernel.

judge '' <<-END
	$plain
	m1 a promise posix first skip no posix locks here
	m1 a promise ofd first yes
	m1 b folklore posix second no
END
is 'a skip catches nothing' "$rc $(grep caught "$top/out")" "1 Linux 6.12: caught 0 of 1"
has 'the mutant says how much it made skip' out '^    skipped, which hides it: 1 result$'
has 'a skip: the mutant names the claim and the reason' out \
	'^      a: first (posix): no posix locks here$'
has 'a skip: the mutant survives, and the list says why' out \
	'^  m1, hidden by the skip of 1 result$'
is 'a skip: the list at the end has it' \
	"$(grep -A 1 '^claims that a mutant made skip:$' "$top/out" | tail -n 1)" \
	'  a:promise.first (posix): no posix locks here: m1'

judge '' <<-END
	$plain
	m1 a promise posix first FAIL
	m1 a promise ofd first skip not here
	m1 b folklore posix second skip not here
	m1 a promise posix first FAIL
	m1 a promise ofd first skip not here
	m1 b folklore posix second skip not here
END
is 'a caught mutant that makes another claim skip: the exit status is 1' \
	"$rc $(grep caught "$top/out")" "1 Linux 6.12: caught 1 of 1"
has 'a skip of folklore counts, and a second boot counts no claim twice' out \
	'^    skipped, which hides it: 2 results$'
has_not 'a caught mutant is no survivor' out '^survivors:'

printf '%s\t\tIt breaks.\t%s\t1\n' m1 'a:*.posix.first b:*' m2 'a:*' >"$top/list"
judge '' <<-END
	$plain
	m1 a promise posix first FAIL
	m1 a promise ofd first skip not here
	m2 a promise posix first skip not here
	m2 a promise ofd first FAIL
END
has 'a claim that several made skip is listed once' out \
	'^  a:promise.first (ofd posix): not here: m1 and 1 more$'
printf '%s\t\tIt breaks.\t%s\t1\n' m1 'a:*.posix.first b:*' >"$top/list"

judge '' <<-END
	$plain
	m1 a promise posix first FAIL
	m1 a promise ofd first skip stopped at an unexpected result
END
is 'what LOCKFAIR_STOP left out is no finding' \
	"$rc $(grep caught "$top/out")" "0 Linux 6.12: caught 1 of 1"
has_not 'what LOCKFAIR_STOP left out is not listed' out 'skip'

judge 1 <<-END
	none a promise posix first skip not here
	none b folklore posix second no
	m1 a promise posix first FAIL
	m1 b folklore posix second no
END
is 'a claim that the plain kernel skips catches nothing' "$rc $(grep caught "$top/out")" \
	"1 Linux 6.12: caught 0 of 1"
is 'a claim that the plain kernel skips: the mutant names it' \
	"$(grep -A 1 'wrong, but skipped in the plain kernel' "$top/out" | tail -n 1)" \
	'      a:promise.posix.first'
is 'a claim that the plain kernel skips: so does the end' \
	"$(grep -A 1 '^claims that are skipped in this kernel' "$top/out" | tail -n 1)" \
	'  a:promise.first (posix)'
has_not 'a claim that the plain kernel skips is not missed' out 'no mutant made fail'

judge 1 <<-END
	none a promise posix first skip not here
	none a promise ofd first yes
	none b folklore posix second no
	m1 a promise posix first FAIL
	m1 a promise ofd first yes
	m1 b folklore posix second yes
END
is 'a claim skipped for one kind must fail for another' \
	"$rc $(grep -A 1 'no mutant made fail' "$top/out" |
	tail -n 1)" "1   a:promise.first"

judge '' <<-END
	none a promise posix first skip not here
	m1 dies in a:promise.posix.first
END
is 'a mutant that dies in a claim that the plain kernel skips is not caught' \
	"$rc $(grep caught "$top/out")" \
	"1 Linux 6.12: caught 0 of 1"
has 'a mutant that dies in a claim that the plain kernel skips: the table says so' out \
	'^      a:promise.posix.first$'

# ---- how kernels/coverage counts ----

printf 'lease\tlease_init\nhook\tgrant_it\nnever\t-\tGFP_\tout of memory\n' >"$top/list"
# A lock path of which 17 of 18 lines are run, and a branch is taken $1 times; one line is there
# for a server, and one function for leases.
covered() {
	{
		echo "function lock_it called 3 returned 100% blocks executed 90%"
		awk 'BEGIN { for (i = 1; i <= 15; i++) printf "        3:%5d:\tstep(%d);\n", i, i }'
		printf '        3:   16:\tif (fl)\nbranch  0 taken 3 (fallthrough)\nbranch  1 taken %s\n' "$1"
		printf '    #####:   17:\t\tnew = alloc(GFP_KERNEL);\n'
		printf '    #####:   18:\t\tfl->grant_it();\n'
		printf '        3:   19:\tlast();\n'
		echo "function lease_init called 0 returned 0% blocks executed 0%"
		printf '    #####:   30:\tlease();\n'
	} | awk -v version=7.3 -v list="$top/list" -f "$kernels/coverage.awk" >"$top/out" 2>&1
	rc=$?
}

covered 1
is 'coverage: enough is reached, the exit status is 0' $rc 0
has 'coverage: lines and branches of the lock paths are counted' out \
	'^lock paths  *lines  *17 of  *18  *94 %  *branches  *2 of  *2 100 %$'
has 'coverage: leases are counted separately' out '^leases and delegations  *lines  *0 of  *1 '
has 'coverage: lines for a server are counted separately' out \
	'^for an NFS server and other file systems  *lines  *0 of  *1 '
is 'coverage: a line that is not reached has its reason' \
	"$(grep -A 1 '^out of memory$' "$top/out" | tail -n 1)" \
	'   17 line   lock_it: new = alloc(GFP_KERNEL);'
has_not 'coverage: every such line has a reason' out 'could be reached'
covered 0
is 'coverage: too few branches, the exit status is 1' $rc 1
is 'coverage: a branch without a reason is listed' \
	"$(grep -A 1 'could be reached$' "$top/out" | tail -n 1)" \
	'   16 branch lock_it: if (fl)'
echo nonsense >"$top/list"
covered 1
is 'coverage: a wrong list, the exit status is 2' $rc 2

finish
