#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of kernels/systematic.awk, on a program that is compiled with its mutants and run as each of
# them, and of how kernels/check_systematic judges, chooses and reports.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

kernels=$here/../kernels
tab=$(printf '\t')
newline='
'

# ---- kernels/systematic.awk ----

mkdir -p "$top/include/linux"
echo '#define unlikely(truth) (truth)' >"$top/include/linux/compiler.h"
cp "$kernels/systematic.h" "$top/include/linux/lockfair_mutant.h"
# main is none of what is tested.
printf '# a list\nboot\tmain\nhook\tx\n' >"$top/list"

# The program prints what its functions return, on one line. $1: a line to be put first.
program() {
	{
		echo "$1"
		cat <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		int lockfair_mutant;
		static int said;
		/* if (a comment) "is not" code; */
		#define TWICE(x) \
			((x) * 2)
		static void say(int n)
		{
			said += n;
		}
		#define ASSERT(x) do { if (!(x)) abort(); } while (0)
		static int between(int low, int n, int high)
		{
			int in = n >= low && n <= high;
			ASSERT(low <= high);
			return in;
		}
		static char *find(char *text, char c)
		{
			while (*text && *text != c)
				text++;
			if (!*text)
				return NULL;
			return text;
		}
		static int count(const int *list, int n)
		{
			int i, found = 0;

			for (i = 0; i < n; i++) {
				if (list[i] < 0)
					break;
				if (list[i] == 7)
					continue;
				found++;
			}
			say(100);
			return found;
		}
		static int grade(int a, int b)
		{
			return a ? b ? 1 : 2 : 3;
		}
		#if BITS_PER_LONG == 32
		static int never(int n)
		{
			return n == 3;
		}
		#endif
		static int try(int n)
		{
			int error = -1;

			switch (n) {
			case 1:
				error = 5;
				goto out;
			default:
				break;
			}
			error = n || (said && n == 2) ? 6 : 7;
		out:
			return error;
		}
		int main(int argc, char **argv)
		{
			int list[] = { 1, 7, 2, -1, 3 };

			lockfair_mutant = argc > 1 ? atoi(argv[1]) : 0;
			printf("%d %d %d", between(1, 1, 3), between(1, 3, 3), between(1, 4, 3));
			printf(" %s", find("abc", 'b') ? find("abc", 'b') : "-");
			printf(" %d", count(list, 5));
			printf(" %d", count(list, 1));
			printf(" %d %d %d %d\n", try(1), try(0), try(2), said);
			return 0;
		}
		END
	} >"$top/program.c"
}

made() {
	awk -v list="$top/list" -v form="$1" -f "$kernels/systematic.awk" "$top/program.c"
}

program '// first'
made list >"$top/mutants" 2>"$top/err"
is 'a list is made' $? 0
cut -f 1 "$top/mutants" >"$top/names"
made names | cut -f 2 | cmp -s - "$top/names"
is 'both lists have the same mutants' $? 0
is 'every name is there once' "$(sort "$top/names" | uniq -d | wc -l)" 0
has_not 'what the list names has no mutants' names '^main'
has_not 'code of 32-bit kernels has no mutants' names '^never'
has_not 'assertions have no mutants' names 'ASSERT'
has_not 'the last return of a function is not left out' names '^(between|try)\.return.*omit$'

made source >"$top/mutated.c"
compiler=${CC:-gcc}
# shellcheck disable=SC2086 # CC may come with options
$compiler -std=gnu11 -O2 -I "$top/include" -o "$top/mutated" "$top/mutated.c" 2>"$top/err"
is 'the source with the mutants compiles' $? 0
is 'without a mutant it does what it did' "$("$top/mutated")" "1 1 0 bc 2 1 5 7 6 200"

# What does the program print as mutant $1?
runs_as() {
	number=$(grep -n -x -F "$1" "$top/names" | cut -d : -f 1)
	if [ -n "$number" ]; then
		timeout 10 "$top/mutated" "$number"
	else
		echo "no mutant $1"
	fi
}
# $1: its name; $2: what it prints; $3: what it is.
becomes() {
	is "$1: $3" "$(runs_as "$1")" "$2"
}
becomes between.init_in.swap "1 1 1 bc 2 1 5 7 6 200" 'the connective is the other one'
becomes between.init_in.negate "0 0 0 bc 2 1 5 7 6 200" 'the first operand is negated'
becomes between.init_in.negate2 "0 0 1 bc 2 1 5 7 6 200" 'the second operand is negated'
becomes between.init_in.bound "0 1 0 bc 2 1 5 7 6 200" '>= becomes >'
becomes between.init_in.bound2 "1 0 0 bc 2 1 5 7 6 200" '<= becomes <'
becomes find.if.negate "1 1 0 - 2 1 5 7 6 200" 'a condition that is no comparison is negated'
becomes find.while.negate "1 1 0 abc 2 1 5 7 6 200" 'the condition of a loop is negated'
becomes count.if.negate "1 1 0 bc 0 0 5 7 6 200" 'a condition is negated'
becomes count.for.negate "1 1 0 bc 0 0 5 7 6 200" 'the condition of a for is negated'
becomes count.break.omit "1 1 0 bc 4 1 5 7 6 200" 'a break is left out'
becomes count.continue.omit "1 1 0 bc 3 1 5 7 6 200" 'a continue is left out'
becomes count.set_found.omit "1 1 0 bc 0 0 5 7 6 200" 'an assignment is left out'
becomes count.call_say.omit "1 1 0 bc 2 1 5 7 6 0" 'a call is left out'
becomes try.goto_out.omit "1 1 0 bc 2 1 6 7 6 200" 'a goto is left out'
becomes try.set_error.omit "1 1 0 bc 2 1 -1 7 6 200" 'the first of two assignments is left out'
becomes try.set_error-2.omit "1 1 0 bc 2 1 5 -1 -1 200" 'the second is left out'
becomes try.set_error-2.negate "1 1 0 bc 2 1 5 6 7 200" 'the condition of ?: is negated'
becomes try.set_error-2.swap "1 1 0 bc 2 1 5 7 6 200" 'a connective in it is the other one'

is 'a ?: within a ?: is a condition of its own' \
	"$(awk -F '\t' '$1 == "grade.return.negate2" { print $6 }' "$top/mutants")" \
	'return a ? ! ( b ) ? 1 : 2 : 3 ;'

# Every mutant can be told from the source.
awk -F '\t' '$5 == $6 { print }' "$top/mutants" >"$top/out"
is 'no mutant is the statement itself' "$(wc -l <"$top/out")" 0

# $1 of the list without the lines' numbers.
without_lines() {
	cut -f 1,2,4- "$1"
}
cp "$top/mutants" "$top/before"
program "static int more(int a)$newline{$newline	if (a > 3)$newline		say(1);
	return a;$newline}"
made list | grep -v '^more' >"$top/mutants"
without_lines "$top/before" >"$top/one"
without_lines "$top/mutants" >"$top/two"
cmp -s "$top/one" "$top/two"
is 'names and checksums do not depend on lines' $? 0
sed -i.bak 's/list\[i\] == 7/list[i] == 8/' "$top/program.c"
made list | grep -v '^more' >"$top/mutants"
without_lines "$top/mutants" | diff "$top/one" - | grep '^>' | cut -f 1,3 >"$top/out"
is 'another statement has another checksum, and no other has' "$(cut -f 1 "$top/out" | sort -u)" \
	"> count.if2.negate"
is 'its name stays' "$(without_lines "$top/mutants" | cut -f 1 | cmp -s - "$top/names"; echo $?)" 0

# ---- kernels/check_systematic.awk ----

# Results of the plain kernel and of a boot of a mutant: ID WORD [REASON]; or machine fail WORD
# PHRASE.
judge() {
	printf '%s\t%s\t%s\t\n' a:promise.posix.one hold '' a:folklore.posix.two xfail why \
		b:promise.ofd.three skip why b:promise.ofd.four hold '' >"$top/plain"
	tr ';' '\t' >"$top/boot"
	awk -f "$kernels/check_systematic.awk" "$top/plain" "$top/boot" >"$top/out"
}
judge <<-'END'
	a:promise.posix.one;hold
	b:promise.ofd.four;fail;
END
is 'a claim that fails has noticed the mutant' "$(cat "$top/out")" "claim${tab}b:promise.ofd.four"
judge <<-'END'
	a:folklore.posix.two;xpass
END
is 'folklore that holds has noticed it' "$(cat "$top/out")" "claim${tab}a:folklore.posix.two"
judge <<-'END'
	a:promise.posix.one;hold
	a:folklore.posix.two;xfail;why
	b:promise.ofd.three;fail;what the plain kernel skips
END
is 'what the plain kernel skips has noticed nothing' "$(cat "$top/out")" survived
judge <<-'END'
	a:promise.posix.one;skip;why
END
is 'a skip has noticed nothing' "$(cat "$top/out")" survived
judge <<-'END'
	a:promise.posix.one;broke
END
is 'a broken test has noticed nothing, and is reported' "$(cat "$top/out")" broken
judge <<-'END'
	a:promise.posix.one;hold
	machine;fail;oopsed;the guest (x) oopsed while b:promise.ofd.four ran
END
is 'the death of the guest names the test' "$(cat "$top/out")" \
	"death${tab}oopsed${tab}b:promise.ofd.four"
judge <<-'END'
	a:promise.posix.one;fail;
	machine;fail;panicked;the guest (x) panicked while b:promise.ofd.four ran
END
is 'a claim counts more than the death of the guest' "$(cat "$top/out")" \
	"claim${tab}a:promise.posix.one"
judge <<-'END'
	machine;fail;no-boot;the guest (x) did not come up: it hung: no progress for 45 s
END
is 'a guest that hangs before the suite begins is dead, too' "$(cat "$top/out")" \
	"death${tab}hung"
judge <<-'END'
	machine;fail;stopped;the guest (x) ended before all of the results had come
END
is 'a guest that ended in another way says nothing' "$(cat "$top/out")" ''

# ---- kernels/systematic_table.awk ----

# Mutants m1 and m2 of three, with what has noticed them: $1, $2. $3: the list, with ; for a tab.
table() {
	printf '%s\tf\t1\t%s\tx ;\t;\n' m1 11 m2 22 m3 33 >"$top/all"
	printf "%b\n" "$3" | tr ";" "\t" >"$top/list"
	printf 'm1\tf\t1\t11\tx ;\t;\t%s\nm2\tf\t1\t22\tx ;\t;\t%s\n' "$1" "$2" >"$top/verdicts"
	awk -F '\t' -v version=7.3 -v made=3 -f "$kernels/systematic_table.awk" "$top/all" "$top/list" \
		"$top/verdicts" >"$top/out"
	rc=$?
}
claim="claim${tab}a:promise.posix.one"
table "$claim" "death${tab}oopsed${tab}a:promise.posix.one" ''
is 'all are noticed: the exit status is 0' $rc 0
has 'all are noticed: those by claims are counted' out '^ *1 noticed by a claim$'
has 'all are noticed: those by death are counted' out '^ *1 noticed by the death of the guest$'
has 'all are noticed: 100 %' out '^noticed: 100.0 %'
table "$claim" survived ''
is 'one survives: the exit status is 1' $rc 1
has 'one survives: it is named, with its checksum' out "^  m2${tab}22\$"
has 'one survives: half are noticed' out '^noticed: 50.0 %'
table "$claim" survived 'm2;22;equivalent;nobody sees it'
is 'an equivalent one: the exit status is 0' $rc 0
has 'an equivalent one: it does not count' out '^noticed: 100.0 %'
table "$claim" survived 'm2;22;open;nobody looks'
is 'an open one: the exit status is 1' $rc 1
has 'an open one counts' out '^noticed: 50.0 %'
table "$claim" survived 'm2;23;equivalent;nobody sees it'
is 'a line about another statement: the exit status is 1' $rc 1
has 'a line about another statement is stale' out '^stale lines.*the statement has changed:$'
has 'a line about another statement excuses nothing' out "^  m2${tab}22${tab}stale"
table "$claim" survived 'm2;23;equivalent;in 6.1\nm2;22;equivalent;in 7.3'
is 'a statement may have a line for each of its texts' $rc 0
table "$claim" "$claim" 'm4;44;equivalent;gone'
is 'a line about no mutant: the exit status is 1' $rc 1
has 'a line about no mutant is stale' out '^stale lines.*no such mutant:$'
table "$claim" "$claim" 'm1;11;equivalent;nobody sees it'
is 'a line about a mutant that is noticed: the exit status is 1' $rc 1
has 'a line about a mutant that is noticed is wrong' out \
	'm1 is listed as equivalent, and was noticed'
table "$claim" survived 'm2;22;equivalent'
is 'a line without a reason: the exit status is 1' $rc 1
table "$claim" 'did not run' ''
is 'one did not run: the exit status is 1' $rc 1

table "$claim" listed 'm2;22;equivalent;nobody sees it'
is 'one was not run because of its line: the exit status is 0' $rc 0
has 'one was not run because of its line: it is counted apart' out \
	'^ *1 equivalent, of which 0 ran$'
has 'one was not run because of its line: only the other ran' out ' made of fs/locks.c, 1 ran$'

# ---- which run, and what first ----

# Print a sample of $1 of the mutants in file $2, by the seed $3.
sample() {
	awk -F '\t' -v seed="$3" -f "$kernels/systematic_order.awk" "$2" | sort -n | cut -f 2 |
		head -n "$1"
}
sample 10 "$top/mutants" 1 >"$top/one"
is 'the same seed makes the same sample' "$(sample 10 "$top/mutants" 1)" "$(cat "$top/one")"
is 'another seed makes another' "$(sample 10 "$top/mutants" 2 | cmp -s - "$top/one"; echo $?)" 1
grep -v -F -f "$top/one" "$top/mutants" | tail -n 1 >"$top/other"
grep -v -x -F -f "$top/other" "$top/mutants" >"$top/fewer"
is 'a mutant less in the source does not change the sample' "$(sample 10 "$top/fewer" 1)" \
	"$(cat "$top/one")"

printf 'm1\t\tsays\tb:*.posix.x *:*.y\n' >"$top/named"
printf 'm1\tfs/locks.c\tf|g\nm1\tfs/open.c\th\n' >"$top/places"
printf 'x/g.if.negate/verdict:claim\tc:promise.ofd.y\n' >"$top/noticed"
printf 'f\ng\nh\n' >"$top/functions"
is 'files that noticed come first, then those of the mutants with names' \
	"$(awk -F '\t' -f "$kernels/systematic_likely.awk" "$top/named" "$top/places" "$top/noticed" \
		"$top/functions" | tr '\n' ';')" "f b c;g c b;h b c;"

"$kernels/check_systematic" --shard 3/2 >/dev/null 2>"$top/err"
is 'a shard that does not exist: refused' $? 2
"$kernels/check_mutants" --jobs 2 --systematic --seed x >/dev/null 2>"$top/err"
is 'check_mutants --systematic passes on the options' "$? $(grep -c -e '--seed' "$top/err")" "2 1"

finish
